internal import Bytes
internal import Clocks
internal import SQLEngine

/// Runs statements one after another and writes their answers.
struct StatementRunner {
    let session: SQLSession
    let output: OutputFile
    let errors: OutputFile
    var mode: OutputMode
    var showsTime: Bool
    /// Rows a table shows on a terminal at most.
    var rowsMax: Int? = 40

    /// How a statement ended.
    enum Ending: Equatable {
        case done
        case failed
        /// Nobody reads the answers any more.
        case closed
    }

    /// Runs one statement and writes the answer, or why there is none.
    func run(_ sql: String) -> Ending {
        do {
            try write(sql)
            return .done
        } catch let error as SQLError {
            return report(error.description) ? .failed : .closed
        } catch {
            return .closed
        }
    }

    /// Writes a complaint; false when nobody reads it.
    func report(_ message: String) -> Bool {
        let isColored = errors.tableStyle()?.hasColor == true
        let label = isColored ? "\u{1B}[31mError:\u{1B}[0m " : "Error: "
        return (try? errors.write("\(label)\(message)\n")) != nil
    }

    private func write(_ sql: String) throws {
        let clock: any MonotonicClock = SystemClocks()
        let start = clock.now()
        let result = try session.run(sql)
        let answer = SQLOutput(
            result,
            format: mode.format(style),
            elapsed: showsTime ? { clock.now() - start } : nil
        )
        var buffer = ByteBuffer(capacity: 64 * 1024)
        var goesOn = true
        while goesOn {
            goesOn = try answer.next(into: &buffer)
            try output.write(buffer.bytes)
            buffer.removeAll()
        }
    }

    private var style: TableStyle {
        guard let terminal = output.tableStyle() else { return .plain }
        return TableStyle(width: terminal.width, rowsMax: rowsMax, hasColor: terminal.hasColor)
    }
}
