/// Collects what is wrong while settings are read, so that a person hears of everything at once.
/// Thread-confined.
final class SettingsProblems {
    let fileName: String
    private var found: [(problem: SettingsProblem, line: Int, column: Int)] = []

    init(fileName: String) { self.fileName = fileName }

    func place(_ position: SettingsNode.Position) -> String {
        "\(fileName):\(position.line):\(position.column)"
    }

    func add(at position: SettingsNode.Position, _ message: String, advice: String = "") {
        let problem = SettingsProblem(place: place(position), message: message, advice: advice)
        found.append((problem, position.line, position.column))
    }

    /// A problem that stands in no file: it is listed behind those that do.
    func add(at place: String, _ message: String, advice: String = "") {
        let problem = SettingsProblem(place: place, message: message, advice: advice)
        found.append((problem, .max, 0))
    }

    /// The problems by place, each once.
    var all: [SettingsProblem] {
        var seen: Set<SettingsProblem> = []
        return found.enumerated()
            .sorted {
                ($0.element.line, $0.element.column, $0.offset)
                    < ($1.element.line, $1.element.column, $1.offset)
            }
            .map(\.element.problem)
            .filter { seen.insert($0).inserted }
    }
}
