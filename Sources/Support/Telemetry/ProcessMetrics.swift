import Glibc

extension MetricsRegistry {
    /// Registers what Prometheus' client libraries say about a process: memory, CPU time,
    /// descriptors, threads, start.
    ///
    /// Read from `/proc/self` and `getrusage` whenever the text is made. A figure that the system
    /// does not tell is NaN.
    public func registerProcessMetrics() {
        gauge("process_resident_memory_bytes", help: "Resident memory.") {
            ProcessFigures.pages(field: 1)
        }
        gauge("process_virtual_memory_bytes", help: "Virtual memory.") {
            ProcessFigures.pages(field: 0)
        }
        counter("process_cpu_seconds_total", help: "User and system CPU time.") {
            ProcessFigures.cpuSeconds
        }
        gauge("process_open_fds", help: "Open file descriptors.") {
            ProcessFigures.openDescriptors
        }
        gauge("process_max_fds", help: "Most file descriptors that may be open.") {
            ProcessFigures.descriptorsMax
        }
        gauge("process_threads", help: "Threads.") { ProcessFigures.threads }
        let start = ProcessFigures.startSeconds
        gauge("process_start_time_seconds", help: "Start time, in seconds since 1970.") { start }
    }
}

/// What Linux tells about the running process.
public enum ProcessFigures {
    /// Resident memory in bytes; NaN when unknown.
    public static var residentBytes: Double { pages(field: 1) }

    /// A field of `/proc/self/statm`, which counts pages.
    static func pages(field: Int) -> Double {
        let fields = read("/proc/self/statm").split(separator: " ")
        guard fields.count > field, let pages = Double(fields[field]) else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// User and system time in seconds.
    public static var cpuSeconds: Double {
        var usage = rusage()
        // SAFETY: the structure lives through the call.
        guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return .nan }
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        return Double(seconds) + Double(microseconds) / 1e6
    }

    static var openDescriptors: Double {
        // SAFETY: the stream is checked, used by this thread alone, and closed once.
        guard let directory = unsafe opendir("/proc/self/fd") else { return .nan }
        defer { unsafe closedir(directory) }
        var entries = 0
        while unsafe readdir(directory) != nil { entries += 1 }
        // Without `.`, `..` and the descriptor of the listing itself.
        return Double(entries - 3)
    }

    static var descriptorsMax: Double {
        var limit = rlimit()
        // SAFETY: the structure lives through the call.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .nan
        }
        return limit.rlim_cur == UInt.max ? .infinity : Double(limit.rlim_cur)
    }

    static var threads: Double { statistic(17) }

    static var startSeconds: Double {
        let boot = read("/proc/stat").split(separator: "\n")
            .first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
        return (boot ?? .nan) + statistic(19) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A field of `/proc/self/stat`, counted from the one behind the command's closing bracket: the
    /// command may hold spaces.
    private static func statistic(_ field: Int) -> Double {
        let text = read("/proc/self/stat")
        guard let bracket = text.lastIndex(of: ")") else { return .nan }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        guard fields.count > field, let value = Double(fields[field]) else { return .nan }
        return value
    }

    private static func read(_ path: String) -> String {
        // SAFETY: the string is copied by the kernel during the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var block = [UInt8](repeating: 0, count: 16384)
        // SAFETY: the kernel writes at most `count` bytes into the array.
        let count = unsafe block.withUnsafeMutableBytes { block in
            unsafe Glibc.read(descriptor, block.baseAddress, block.count)
        }
        return String(decoding: block.prefix(max(0, count)), as: UTF8.self)
    }
}
