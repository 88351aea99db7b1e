import Bytes
import HTTPServer

/// The page at `/`: what is running, read from the routes beside it.
///
/// One file without outside resources. It asks every two seconds while somebody looks at it.
enum StatusPage {
    static var response: HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                HTTPHeader("Content-Type", "text/html; charset=utf-8"),
                HTTPHeader("Cache-Control", "no-cache"),
                HTTPHeader("X-Content-Type-Options", "nosniff"),
                HTTPHeader("Referrer-Policy", "no-referrer"),
                HTTPHeader(
                    "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
                        + " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
                        + " frame-ancestors 'none'"
                ),
            ],
            body: .bytes(SlabSlice(page))
        )
    }

    private static let page: Slab = {
        let text = head + style + body + script
        var buffer = ByteBuffer(capacity: text.utf8.count)
        buffer.append(utf8: text)
        return Slab(buffer)
    }()

    private static let head = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Millrace</title>
        <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'
         viewBox='0 0 32 32' fill='none' stroke='%230b7285' stroke-width='3'%3E%3Ccircle cx='16'
         cy='16' r='11'/%3E%3Cpath d='M16 2v28M2 16h28M6 6l20 20M26 6L6 26'/%3E%3C/svg%3E">

        """#

    private static let style = #"""
        <style>
        :root {
          --ground: #f6f8f9; --card: #fff; --ink: #17252b; --soft: #5c6f77; --line: #dfe6e9;
          --accent: #0b7285; --good: #2b8a3e; --bad: #c92a2a; --wait: #b08900; --code: #eef2f4;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #0f1518; --card: #171f23; --ink: #e4ecef; --soft: #93a5ad; --line: #27333a;
            --accent: #4fc3d9; --good: #69db7c; --bad: #ff8787; --wait: #ffd43b; --code: #10181b;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
        }
        main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
        header { display: flex; align-items: center; gap: .75rem; padding-top: 1.75rem; }
        header svg { width: 30px; height: 30px; color: var(--accent); flex: none; }
        h1 { font-size: 1.3rem; margin: 0; letter-spacing: -.01em; }
        #state { margin-left: auto; color: var(--soft); display: flex; gap: .5rem;
          align-items: center; font-size: .9rem; }
        .dot { width: .6rem; height: .6rem; border-radius: 50%; background: var(--wait); }
        .dot.good { background: var(--good); } .dot.bad { background: var(--bad); }
        .sums { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
          gap: .75rem; margin: 1.4rem 0 1rem; }
        .sums div, section { background: var(--card); border: 1px solid var(--line);
          border-radius: .6rem; }
        .sums div { padding: .75rem 1rem; }
        .sums b { display: block; font-size: 1.5rem; font-weight: 600; line-height: 1.25;
          font-variant-numeric: tabular-nums; }
        .sums span { color: var(--soft); font-size: .85rem; }
        section { margin-bottom: 1rem; overflow: hidden; }
        h2 { font-size: .95rem; margin: 0; padding: .8rem 1rem .45rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .4rem 1rem; white-space: nowrap; }
        th { color: var(--soft); font-weight: 500; font-size: .82rem; }
        td { border-top: 1px solid var(--line); }
        .n { text-align: right; }
        .none { color: var(--soft); padding: .2rem 1rem .9rem; margin: 0; }
        .tag { font-size: .82rem; padding: .08rem .5rem; border-radius: 1rem;
          border: 1px solid currentColor; color: var(--soft); }
        .tag.good { color: var(--good); } .tag.bad { color: var(--bad); }
        pre { margin: 0; padding: .8rem 1rem; background: var(--code); overflow-x: auto;
          border-top: 1px solid var(--line);
          font: 13px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
        a { color: var(--accent); }
        footer { color: var(--soft); font-size: .88rem; padding-bottom: 2.5rem; }
        footer a { margin-right: 1.1rem; white-space: nowrap; }
        </style>
        </head>

        """#

    private static let body = #"""
        <body>
        <header>
        <svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.2"
         aria-hidden="true"><circle cx="16" cy="16" r="11"/>
        <path d="M16 2v28M2 16h28M6 6l20 20M26 6L6 26"/></svg>
        <h1>Millrace</h1>
        <div id="state" role="status"><span class="dot"></span><span>connecting</span></div>
        </header>
        <main>
        <div class="sums">
        <div><b id="events">–</b><span>events in the log</span></div>
        <div><b id="rows">–</b><span>rows in tables</span></div>
        <div><b id="lag">–</b><span>events not landed yet</span></div>
        <div><b id="letters">–</b><span>dead letters</span></div>
        </div>
        <section><h2>Topics</h2><div id="topics" class="scroll"><p class="none">–</p></div>
        </section>
        <section><h2>Pipelines</h2><div id="pipelines" class="scroll"><p class="none">–</p></div>
        </section>
        <section><h2>Tables</h2><div id="tables" class="scroll"><p class="none">–</p></div>
        </section>
        <section><h2>Send an event, ask a question</h2><pre id="example"></pre></section>
        </main>
        <footer>
        <a href="/v1/verify">Receipts: log recounted against tables</a>
        <a href="/metrics">Metrics</a><a href="/readyz">Readiness</a>
        </footer>

        """#

    private static let script = #"""
        <script>
        "use strict";
        const element = id => document.getElementById(id);
        const number = value => Number(value || 0).toLocaleString("en");
        const sum = (list, part) =>
          list.reduce((total, item) => total + Number(part(item) || 0), 0);
        const bytes = value => {
          const units = ["B", "KB", "MB", "GB", "TB"];
          let size = Number(value || 0), unit = 0;
          while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1; }
          return (unit ? size.toFixed(1) : size) + " " + units[unit];
        };

        // Cells are set as text, so no name can become markup.
        function fill(id, columns, rows, nothing) {
          const place = element(id);
          if (!rows.length) {
            const note = document.createElement("p");
            note.className = "none";
            note.textContent = nothing;
            place.replaceChildren(note);
            return;
          }
          const table = document.createElement("table");
          const head = table.createTHead().insertRow();
          for (const [title, kind] of columns) {
            const cell = document.createElement("th");
            cell.textContent = title;
            if (kind === "n") cell.className = "n";
            head.append(cell);
          }
          const lines = table.createTBody();
          for (const row of rows) {
            const line = lines.insertRow();
            row.forEach((value, index) => {
              const cell = line.insertCell();
              const kind = columns[index][1];
              if (kind === "n") cell.className = "n";
              if (kind === "state") {
                const tag = document.createElement("span");
                tag.className = "tag " + (value === "running" ? "good" : "bad");
                tag.textContent = value;
                cell.append(tag);
              } else {
                cell.textContent = value;
              }
            });
          }
          place.replaceChildren(table);
        }

        function showTopics(topics) {
          const parts = topic => topic.partitions || [];
          fill("topics",
            [["topic"], ["partitions", "n"], ["next offsets", ""], ["events", "n"]],
            topics.map(topic => [
              topic.name, number(parts(topic).length),
              parts(topic).slice(0, 8).map(part => number(part.end)).join(" · ")
                + (parts(topic).length > 8 ? " …" : ""),
              number(sum(parts(topic), part => part.end - part.start)),
            ]), "No topic yet. The first event makes one.");
          element("events").textContent =
            number(sum(topics, topic => sum(parts(topic), part => part.end - part.start)));
          const name = topics.length ? topics[0].name : "purchases";
          element("example").textContent =
            `curl -d '{"item":"sword"}' ${location.origin}/v1/events/${name}\n`
            + `curl -d 'show tables' ${location.origin}/v1/sql`;
        }

        function showPipelines(pipelines) {
          fill("pipelines",
            [["pipeline"], ["table"], ["state", "state"], ["landed", "n"], ["filtered", "n"],
              ["dead letters", "n"], ["lag", "n"]],
            pipelines.map(lane => [
              lane.name, lane.table || "",
              lane.reason ? `${lane.state}: ${lane.reason}` : lane.state,
              number(lane.landed), number(lane.filtered), number(lane.dead_lettered),
              number(lane.lag),
            ]), "No pipeline is declared in millrace.yaml.");
          // The tables of one pipeline read the same events: the slowest one counts.
          const behind = {};
          for (const lane of pipelines) {
            behind[lane.name] = Math.max(behind[lane.name] || 0, Number(lane.lag) || 0);
          }
          element("lag").textContent = number(sum(Object.values(behind), lag => lag));
          element("letters").textContent = number(sum(pipelines, lane => lane.dead_lettered));
        }

        function showTables(tables) {
          fill("tables",
            [["table"], ["rows", "n"], ["files", "n"], ["size", "n"], ["committed"]],
            tables.map(table => [
              table.name, number(table.rows), number(table.files), bytes(table.bytes),
              table.committed_at ? new Date(table.committed_at).toLocaleString() : "never",
            ]), "No table yet. A pipeline makes its table with its first commit.");
          element("rows").textContent = number(sum(tables, table => table.rows));
        }

        function showState(kind, text) {
          const [dot, label] = element("state").children;
          dot.className = "dot " + kind;
          label.textContent = text;
        }

        async function report(name, show) {
          const answer = await fetch("/v1/" + name);
          if (answer.ok) show((await answer.json())[name] || []);
        }

        async function refresh() {
          if (!document.hidden) {
            try {
              const ready = await fetch("/readyz");
              const state = await ready.json();
              showState(ready.ok ? "good" : "bad", state.reason || state.status);
              await Promise.all([
                report("topics", showTopics), report("pipelines", showPipelines),
                report("tables", showTables),
              ]);
            } catch {
              showState("bad", "not reachable");
            }
          }
          setTimeout(refresh, 2000);
        }
        showTopics([]);
        refresh();
        </script>
        </body>
        </html>

        """#
}
