import Settings
import Telemetry
import Testing

@Suite struct SettingsReaderTests {
    @Test func `without a file and an environment the defaults count`() throws {
        let reader = Sample.reader(nil)
        #expect(reader.value(Sample.data) == "/cwd/store")
        #expect(reader.value(Sample.listen) == Address(host: "127.0.0.1", port: 9092))
        #expect(reader.value(Sample.segment) == 64 << 20)
        #expect(reader.value(Sample.timeout) == .seconds(10))
        #expect(reader.value(Sample.colour) == .red)
        #expect(reader.value(Sample.name) == nil)
        #expect(reader.value(Sample.peers).map(\.port) == [1, 2])
        #expect(reader.value(Sample.password) == nil)
        try reader.finish()
    }

    @Test func `the file gives values of every kind`() throws {
        let reader = Sample.reader(
            """
            data: ../d
            log:
              listen: "[::1]:1"
              segment_bytes: 4096
              timeout: 250ms
              partitions: 7
              create: false
              colour: blue
              name: on
              peers: [a:1, b:2]
            """
        )
        #expect(reader.value(Sample.data) == "/etc/m/../d")
        #expect(reader.value(Sample.listen).host == "::1")
        #expect(reader.value(Sample.segment) == 4096)
        #expect(reader.value(Sample.timeout) == .milliseconds(250))
        #expect(reader.value(Sample.partitions) == 7)
        #expect(reader.value(Sample.create) == false)
        #expect(reader.value(Sample.colour) == .blue)
        #expect(reader.value(Sample.name) == "on")
        #expect(reader.value(Sample.peers).map(\.host) == ["a", "b"])
        try reader.finish()
    }

    @Test
    func `the environment wins over the file, and its paths start from the working directory`()
        throws
    {
        let reader = Sample.reader(
            "log: {partitions: 7, create: true}\ndata: d",
            environment: [
                "MILLRACE_LOG_PARTITIONS": "8", "MILLRACE_DATA": "e",
                "MILLRACE_LOG_PEERS": "x:1, y:2", "MILLRACE_LOG_SEGMENT_BYTES": "1MiB",
            ]
        )
        #expect(reader.value(Sample.partitions) == 8)
        #expect(reader.value(Sample.data) == "/cwd/e")
        #expect(reader.value(Sample.peers).map(\.host) == ["x", "y"])
        #expect(reader.value(Sample.segment) == 1 << 20)
        #expect(reader.value(Sample.create) == true)
        try reader.finish()
    }

    @Test func `all problems of a file come together, in its order, with places and advice`() {
        let problems = Sample.problems(
            """
            log:
              lisen: 1:1
              partitions: many
              create: yes
              timeout: 10 parsecs
              segment_bytes: 5
              colour: [red]
              name:
            dta: x
            """
        ) { reader in
            _ = reader.value(Sample.colour)
            _ = reader.value(Sample.segment)
            _ = reader.value(Sample.name)
            _ = reader.value(Sample.timeout)
            _ = reader.value(Sample.create)
            _ = reader.value(Sample.partitions)
            _ = reader.value(Sample.partitions)
        }
        #expect(
            problems == [
                "m.yaml:2:3: unknown key log.lisen; did you mean log.listen?",
                "m.yaml:3:3: log.partitions: \"many\" is no whole number; write digits only",
                "m.yaml:4:3: log.create: \"yes\" is no boolean; write true or false",
                "m.yaml:5:3: log.timeout: \"10 parsecs\" is no duration; "
                    + "write a whole number and a unit such as 250ms, 10s, 5m, 2h or 7d",
                "m.yaml:6:3: log.segment_bytes: 5 is out of bounds; "
                    + "write a size from 1KiB to 1GiB",
                "m.yaml:7:3: log.colour: is a list where one of red, green, blue belongs; "
                    + "write for example red",
                "m.yaml:8:3: log.name: has no value; give it one or remove the line",
                "m.yaml:9:1: unknown key dta; did you mean data?",
            ]
        )
    }

    @Test(arguments: [
        ("listen: a:1", "m.yaml:1:1: unknown key listen; did you mean log.listen?"),
        (
            "log.listen: a:1",
            "unknown key log.listen; each part of a path is a map of its own: log: {listen: …}"
        ),
        ("log: {LISTEN: a:1}", "m.yaml:1:7: unknown key log.LISTEN; did you mean log.listen?"),
        ("log: {pasword_file: x}", "unknown key log.pasword_file; did you mean log.password_file?"),
        ("zebra: 1", "m.yaml:1:1: unknown key zebra; see docs/settings.md"),
        ("log: 5", "m.yaml:1:6: log is a single value where a map of settings belongs"),
        ("- a", "m.yaml:1:1: the file is a list where a map of settings belongs"),
        ("log: {deep: {er: 1}}", "m.yaml:1:7: unknown key log.deep; "),
    ])
    func `an unknown key names the nearest known one`(yaml: String, expected: String) {
        let problems = Sample.problems(yaml)
        #expect(problems.count == 1)
        #expect(problems.joined().contains(expected))
    }

    @Test func `an empty part is a part without values`() throws {
        let reader = Sample.reader("log:\n")
        #expect(reader.value(Sample.partitions) == 1)
        try reader.finish()
    }

    @Test func `a variable that is no setting is a warning`() throws {
        let reader = Sample.reader(
            nil,
            environment: [
                "MILLRACE_LOG_LISTN": "x", "MILLRACE_CONFIG": "y", "HOME": "/",
                "MILLRACE_PORT": "1",
            ]
        )
        try reader.finish()
        #expect(reader.warnings.map(\.place) == ["MILLRACE_LOG_LISTN", "MILLRACE_PORT"])
        #expect(reader.warnings[0].advice == "did you mean MILLRACE_LOG_LISTEN?")
    }

    @Test func `a wrong variable is named as the place`() {
        let reader = Sample.reader(nil, environment: ["MILLRACE_LOG_PARTITIONS": "x"])
        #expect(reader.value(Sample.partitions) == 1)
        #expect(throws: SettingsError.self) { try reader.finish() }
        do {
            try reader.finish()
        } catch {
            #expect(error.problems.map(\.place) == ["MILLRACE_LOG_PARTITIONS"])
        }
    }

    @Test func `a complaint of the program stands where the value came from`() {
        let yaml = "log: {listen: a:1}"
        let problems = Sample.problems(yaml) {
            $0.complain(at: "log.listen", "is not loopback", advice: "write insecure: true")
            $0.complain(at: "data", "is missing")
        }
        #expect(
            problems == [
                "m.yaml:1:7: log.listen: is not loopback; write insecure: true",
                "default of data: is missing",
            ]
        )
    }
}

@Suite struct SecretTests {
    @Test func `a secret comes from its variable`() throws {
        let reader = Sample.reader(nil, environment: ["MILLRACE_LOG_PASSWORD": "p"])
        #expect(reader.value(Sample.password)?.revealed == "p")
        try reader.finish()
    }

    @Test func `a secret comes from the file that the settings or the environment name`() throws {
        let files = ["/etc/m/secret": "from file\n", "/cwd/other": "from variable\r\n"]
        let first = Sample.reader("log: {password_file: secret}", files: files)
        #expect(first.value(Sample.password)?.revealed == "from file")
        try first.finish()
        let second = Sample.reader(
            "log: {password_file: secret}",
            environment: ["MILLRACE_LOG_PASSWORD_FILE": "other"],
            files: files
        )
        #expect(second.value(Sample.password)?.revealed == "from variable")
        try second.finish()
    }

    @Test func `a secret in the settings file is refused, and not repeated`() {
        let problems = Sample.problems("log: {password: hunter2}") { _ = $0.value(Sample.password) }
        #expect(problems.count == 1)
        #expect(problems[0].contains("must not stand in the settings file"))
        #expect(problems[0].contains("password_file"))
        #expect(!problems[0].contains("hunter2"))
    }

    @Test func `a secret's file must be there and hold something`() {
        let missing = Sample.problems("log: {password_file: x}") { _ = $0.value(Sample.password) }
        #expect(missing == ["m.yaml:1:7: log.password_file: /etc/m/x does not exist"])
        let empty = Sample.reader("log: {password_file: x}", files: ["/etc/m/x": "\n"])
        #expect(empty.value(Sample.password) == nil)
        #expect(throws: SettingsError.self) { try empty.finish() }
    }
}
