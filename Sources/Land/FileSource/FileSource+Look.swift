import Clocks
import Telemetry
import Threads

extension FileSource {
    /// Files that are taken in one transaction, at most.
    private static var groupMax: Int { 256 }
    /// How long counting goes on before what was counted is taken.
    private static var groupTime: Duration { .milliseconds(500) }
    /// A file that has not changed for so long has settled, however wrong the store's clock is.
    private static var certainAge: Duration { .seconds(60) }

    /// Lists the files once, and takes those that are complete if `taking`. One look at a time.
    public func look(taking: Bool) {
        let taken: FileScan?? = state.wait { state in
            if state.isStopping { return .some(nil) }
            guard let scan = state.scan else { return nil }
            state.scan = nil
            return .some(scan)
        }
        guard let taken, var scan = taken else { return }
        var trouble: String?
        do {
            let ready = try list(&scan)
            if taking { try take(ready, &scan) }
        } catch let error as FileRegisterError {
            trouble = "the register of files does not answer: \(error)"
        } catch let error as FileFault {
            switch error {
            case .unavailable(let reason), .damaged(let reason), .changed(let reason):
                trouble = reason
            case .missing(let path): trouble = "\(path) is not there"
            case .interrupted: break  // by a stop, which nobody has to be told of
            }
        } catch {
            trouble = "\(error)"
        }
        state.update { state in
            state.scan = scan
            state.rounds += 1
            state.report.trouble = trouble
        }
    }

    /// Finds out what has become of every file. Returns those that are complete and were not taken.
    private func list(_ scan: inout FileScan) throws -> [StoredFile] {
        let listing: [StoredFile]
        do throws(FileStoreError) { listing = try store.list() } catch {
            throw FileFault(error)
        }
        let now: MonotonicInstant = clock.now()
        var ready: [StoredFile] = []
        var settling: Set<String> = []
        var present: Set<String> = []
        // What is missing is looked for from the end when a file has come back, too.
        var isStartOpen = !scan.hasLooked
        for file in listing {
            if isStopping { throw FileFault.interrupted }
            present.insert(file.path)
            switch try seen(file, &scan, &isStartOpen) {
            case .taken(var taken):
                if FileScan.Look(file) != taken.looked {
                    let wasChanged = taken.isChanged
                    try lookAgain(file, &taken)
                    scan.seen[file.path] = .taken(taken)
                    if wasChanged != taken.isChanged { isStartOpen = true }
                }
            case .refused(let look) where look == FileScan.Look(file):
                break
            case .refused, nil:
                state.withLock { $0.refused[file.path] = nil }
                scan.seen[file.path] = .settling(FileScan.Look(file), since: now)
                if isSettled(file, since: now, now) {
                    ready.append(file)
                } else {
                    settling.insert(file.path)
                }
            case .settling(let look, var since):
                if look != FileScan.Look(file) { since = now }
                scan.seen[file.path] = .settling(FileScan.Look(file), since: since)
                if isSettled(file, since: since, now) {
                    ready.append(file)
                } else {
                    settling.insert(file.path)
                }
            }
        }
        forget(scan.seen.keys.filter { !present.contains($0) }, &scan)
        if isStartOpen { scan.start = try firstReadable(scan) }
        scan.hasLooked = true
        let totals = try register.totals()
        let start = scan.start
        publish { state in
            state.hasLooked = true
            state.start = start
            state.settling = settling.union(ready.map(\.path))
            state.report.taken = totals.files
            state.report.records = totals.end
            state.end = totals.end
        }
        return ready
    }

    /// What is known of a file; nil when it is new.
    private func seen(
        _ file: StoredFile,
        _ scan: inout FileScan,
        _ isStartOpen: inout Bool
    ) throws(FileRegisterError) -> FileScan.Seen? {
        if let seen = scan.seen[file.path] { return seen }
        guard let found = try register.file(at: file.path) else { return nil }
        let taken = FileScan.Taken(
            file: found,
            looked: FileScan.Look(found),
            isChanged: false
        )
        scan.seen[file.path] = .taken(taken)
        // A file that comes back is readable again.
        isStartOpen = true
        return .taken(taken)
    }

    /// A file that was taken is not as it was: it may have been touched only.
    private func lookAgain(_ file: StoredFile, _ taken: inout FileScan.Taken) throws {
        taken.looked = FileScan.Look(file)
        do throws(FileFault) {
            try check(taken.file, now: file)
            guard taken.isChanged else { return }
            taken.isChanged = false
            state.withLock { $0.changed[file.path] = nil }
        } catch {
            switch error {
            case .changed(let reason):
                if !taken.isChanged {
                    logger.warning(
                        "a file was changed after it had been taken; it is not landed again",
                        ["path": file.path, "reason": reason]
                    )
                }
                taken.isChanged = true
                state.withLock { $0.changed[file.path] = reason }
            case .missing: break
            case .damaged, .unavailable, .interrupted: throw error
            }
        }
    }

    private func isSettled(
        _ file: StoredFile,
        since: MonotonicInstant,
        _ now: MonotonicInstant
    ) -> Bool {
        if store.isWholeAtOnce || now - since >= options.settle { return true }
        let wall: Timestamp = clock.now()
        let changed = Timestamp(
            milliseconds: file.changedNanoseconds.quotientDown(by: 1_000_000)
        )
        return changed + options.settle + Self.certainAge <= wall
    }

    /// Files that are not there any more.
    private func forget(_ paths: [String], _ scan: inout FileScan) {
        for path in paths {
            if case .taken(let taken) = scan.seen[path], taken.file.recordCount > 0 {
                scan.start = max(scan.start, taken.file.end)
            }
            scan.seen[path] = nil
        }
        guard !paths.isEmpty else { return }
        state.withLock { state in
            for path in paths {
                state.refused[path] = nil
                state.changed[path] = nil
            }
        }
    }

    /// The offset behind the last file that was taken and is not there as it was.
    private func firstReadable(_ scan: FileScan) throws(FileRegisterError) -> Int64 {
        var before = Int64.max
        while true {
            let files = try register.files(before: before, limit: 500)
            guard let first = files.last else { return 0 }
            for file in files where file.recordCount > 0 {
                if case .taken(let taken) = scan.seen[file.path], !taken.isChanged { continue }
                return file.end
            }
            before = first.sequence
        }
    }

    // Taking

    private func take(_ ready: [StoredFile], _ scan: inout FileScan) throws {
        let ordered = ready.sorted {
            ($0.modifiedNanoseconds, $0.path) < ($1.modifiedNanoseconds, $1.path)
        }
        var group: [RegisteredFile] = []
        var begun: MonotonicInstant = clock.now()
        for file in ordered {
            if let counted = try count(file, &scan) { group.append(counted) }
            let now: MonotonicInstant = clock.now()
            if group.count >= Self.groupMax || now - begun >= Self.groupTime {
                try enter(&group, &scan)
                begun = clock.now()
            }
        }
        try enter(&group, &scan)
    }

    /// Counts the records of a file; nil when it is not to be taken now.
    private func count(
        _ file: StoredFile,
        _ scan: inout FileScan
    ) throws(FileFault) -> RegisteredFile? {
        do throws(FileFault) {
            return try counted(file)
        } catch {
            switch error {
            case .damaged(let reason):
                refuse(file, reason)
                scan.seen[file.path] = .refused(FileScan.Look(file))
            case .unavailable(let reason):
                refuse(file, reason)
            case .changed, .missing:
                // The next look tells.
                scan.seen[file.path] = nil
            case .interrupted:
                throw error
            }
            return nil
        }
    }

    private func refuse(_ file: StoredFile, _ reason: String) {
        let isNew = state.update { state in
            state.settling.remove(file.path)
            return state.refused.updateValue(reason, forKey: file.path) != reason
        }
        guard isNew else { return }
        logger.warning("a file cannot be taken", ["path": file.path, "reason": reason])
    }

    private func counted(_ file: StoredFile) throws(FileFault) -> RegisteredFile {
        let contents: Store.Contents
        do throws(FileStoreError) { contents = try store.open(file.path) } catch {
            throw FileFault(error)
        }
        var stream = try RecordStream(
            contents,
            path: file.path,
            framing: framing,
            recordBytesMax: options.recordBytesMax
        )
        var records: Int64 = 0
        while try stream.next() != .end {
            records += 1
            if records & 0xFFFF == 0, isStopping { throw .interrupted }
        }
        let after: StoredFile
        do throws(FileStoreError) { after = try store.status(of: file.path) } catch {
            throw FileFault(error)
        }
        guard FileScan.Look(after) == FileScan.Look(file), stream.text.position == file.bytes
        else { throw .changed("it still changes") }
        return RegisteredFile(
            sequence: 0,
            path: file.path,
            name: file.name,
            bytes: file.bytes,
            modifiedNanoseconds: file.modifiedNanoseconds,
            tag: after.tag,
            checksum: stream.text.checksum,
            framing: framing.text,
            firstOffset: 0,
            recordCount: records
        )
    }

    /// Enters counted files into the register. From here on their records have offsets.
    private func enter(
        _ group: inout [RegisteredFile],
        _ scan: inout FileScan
    ) throws(FileRegisterError) {
        if group.isEmpty { return }
        let taken = try register.take(group)
        let totals = try register.totals()
        for file in taken {
            scan.seen[file.path] = .taken(
                FileScan.Taken(file: file, looked: FileScan.Look(file), isChanged: false)
            )
            logger.info(
                "file taken",
                ["path": file.path, "records": file.recordCount, "from": file.firstOffset]
            )
        }
        // Those that somebody else has taken meanwhile are found in the register.
        for file in group where !taken.contains(where: { $0.path == file.path }) {
            scan.seen[file.path] = nil
        }
        let paths = group.map(\.path)
        publish { state in
            state.settling.subtract(paths)
            state.end = totals.end
            state.report.taken = totals.files
            state.report.records = totals.end
        }
        group = []
    }

    /// Changes what others see, and wakes those who wait for records.
    private func publish(_ change: (inout FileSourceState) -> Void) {
        let woken = state.update { state in
            let end = state.end
            change(&state)
            guard state.end > end else { return [@Sendable () -> Void]() }
            let woken = Array(state.waiters.values)
            state.waiters = [:]
            return woken
        }
        for wake in woken { wake() }
    }
}
