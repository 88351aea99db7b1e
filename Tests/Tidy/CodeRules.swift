/// A call or word that has a better place or a better form.
struct Ban {
    let pattern: String
    let instead: String
    /// Folders and files where it is at home.
    var except: [String] = []

    private static let timeAndThreads = [
        "Sources/Support/Clocks", "Sources/Support/Reactor", "Sources/Support/Threads",
        "Sources/Wiring",
    ]

    static let inAllCode: [Ban] = [
        Ban(pattern: "try!", instead: "handle the error, or #require in a test"),
        Ban(pattern: "as!", instead: "as? with a way out"),
        Ban(pattern: "import Foundation", instead: "Glibc, or what the Support rooms offer"),
        Ban(pattern: "import FoundationEssentials", instead: "what the Support rooms offer"),
        Ban(pattern: "import XCTest", instead: "Swift Testing"),
        Ban(pattern: "print(", instead: "a Logger, or Terminal.write in a command"),
        Ban(pattern: "debugPrint(", instead: "a Logger"),
        Ban(pattern: "@preconcurrency", instead: "a type that is Sendable"),
        Ban(pattern: "@_silgen_name", instead: "@c, or a shim in C"),
    ]

    static let inProductCode: [Ban] = [
        Ban(pattern: "Date()", instead: "a WallClock", except: timeAndThreads),
        Ban(pattern: "ContinuousClock", instead: "a MonotonicClock", except: timeAndThreads),
        Ban(pattern: "SuspendingClock", instead: "a MonotonicClock", except: timeAndThreads),
        Ban(pattern: "Task.sleep", instead: "the reactor's timers", except: timeAndThreads),
        Ban(pattern: "Task.detached", instead: "a child task", except: timeAndThreads),
        Ban(pattern: "DispatchQueue", instead: "Thread and Condition", except: timeAndThreads),
        Ban(pattern: "usleep(", instead: "Condition.wait", except: timeAndThreads),
        Ban(pattern: "nanosleep(", instead: "Condition.wait", except: timeAndThreads),
        Ban(
            pattern: "SystemRandomNumberGenerator",
            instead: "a RandomSource",
            except: timeAndThreads
        ),
        Ban(
            pattern: "exit(",
            instead: "an error that is thrown",
            except: ["Sources/Wiring", "Examples"]
        ),
        Ban(pattern: "abort(", instead: "preconditionFailure with a sentence"),
        Ban(pattern: "DispatchSemaphore", instead: "Condition"),
    ]

    /// Random numbers that no seed decides.
    static let unseeded = [".random(in:", ".randomElement()", ".shuffled()", ".shuffle()"]
}

extension SwiftSource {
    var isProduct: Bool { file.isIn("Sources", "Examples") }

    func bannedCalls() -> [Violation] {
        // A method of one's own may be called print; then it is no call of Swift's.
        let ownsPrint = code.contains { $0.contains("func print(") }
        let bans = (isProduct ? Ban.inAllCode + Ban.inProductCode : Ban.inAllCode)
            .filter { !($0.pattern == "print(" && ownsPrint) }
        var found: [Violation] = []
        for (index, line) in code.enumerated() where !line.utf8.allSatisfy({ $0 == 0x20 }) {
            let ban = bans.first { ban in
                Words.find(ban.pattern, in: line)
                    && !ban.except.contains { file.path.hasPrefix($0 + "/") }
            }
            if let ban {
                found.append(violation(index, "\(ban.pattern) is banned; use \(ban.instead)"))
            }
            if isProduct, !line.contains("using:"), !isClocks {
                for call in Ban.unseeded where line.contains(call) {
                    found.append(violation(index, "\(call) takes its chance from nowhere; using:"))
                }
            }
        }
        return found
    }

    private var isClocks: Bool { file.isIn("Sources/Support/Clocks") }

    /// Forced unwrapping: `!` behind a name, a bracket or a question mark.
    func forcedUnwraps() -> [Violation] {
        code.enumerated().compactMap { index, line in
            guard line.utf8.contains(UInt8(ascii: "!")) else { return nil }
            let bytes = Array(line.utf8)
            for at in bytes.indices.dropFirst() where bytes[at] == UInt8(ascii: "!") {
                let next = at + 1 < bytes.count ? bytes[at + 1] : 0x20
                let before = bytes[at - 1]
                let unwraps =
                    Words.isName(before)
                    || [UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "?")].contains(before)
                if unwraps, next != UInt8(ascii: "=") {
                    return violation(index, "! traps without a word; unwrap and say what to do")
                }
            }
            return nil
        }
    }

    /// Lines with `unsafe` that no SAFETY sentence explains.
    ///
    /// The sentence stands on the line, in the eight lines above, above in the same function (it
    /// then speaks of the whole function), or in the comment of the type, which then says who owns
    /// the pointers that the type is made of.
    func unexplainedUnsafety() -> [Violation] {
        let lines = code.enumerated().filter { _, line in
            Words.find("unsafe", in: line.replacing("@unsafe", with: ""))
        }
        guard isProduct, !lines.isEmpty else { return [] }
        let functions = self.functions
        let types = self.types.filter { isExplained(type: $0) }
        return lines.compactMap { index, _ in
            let number = index + 1
            var near = max(0, index - 8)...index
            if let function = functions.first(where: { $0.first <= number && number <= $0.last }) {
                near = min(near.lowerBound, function.first - 1)...(function.last - 1)
            }
            let explained =
                comments[near].contains { $0.contains("SAFETY:") }
                || types.contains { $0.first <= number && number <= $0.last }
            return explained ? nil : violation(index, "unsafe without a // SAFETY: sentence above")
        }
    }

    /// True when the comment right above a type, attributes in between, has a SAFETY sentence.
    private func isExplained(type: DeclarationRange) -> Bool {
        var index = type.first - 2
        while index >= 0 {
            if comments[index].contains("SAFETY:") { return true }
            let isComment = comments[index].utf8.contains { $0 != 0x20 }
            let isAttribute = code[index].drop { $0 == " " }.hasPrefix("@")
            guard isComment || isAttribute else { return false }
            index -= 1
        }
        return false
    }

    /// `@unchecked Sendable` without a comment near it that says which lock or thread owns the
    /// state.
    func unexplainedSendable() -> [Violation] {
        code.enumerated().compactMap { index, line in
            guard line.contains("@unchecked Sendable") else { return nil }
            let near = comments[max(0, index - 8)...min(comments.count - 1, index + 8)]
            let explained = near.contains { $0.contains("@unchecked Sendable:") }
            return explained
                ? nil
                : violation(index, "add // @unchecked Sendable: and which lock or thread owns it")
        }
    }

    private func violation(_ index: Int, _ message: String) -> Violation {
        Violation(path: file.path, line: index + 1, message: message)
    }
}
