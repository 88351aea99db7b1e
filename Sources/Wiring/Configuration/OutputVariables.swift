import Settings
import Stores

/// OUTPUT_FS and OUTPUT_DIR, by which programs of the superhero simulator are told where to write:
/// other names for `lake.directory` and `lake.warehouse`, which win.
struct OutputVariables {
    /// Where tables are on this machine.
    private(set) var directory: String?
    /// Where they are in a store.
    private(set) var warehouse: String?

    /// Reads `OUTPUT_FS=LOCAL|GCP|AWS|AZURE` and `OUTPUT_DIR`, a path or `bucket/folder`. Without
    /// OUTPUT_FS nothing is meant. Problems go to the reader.
    init(_ environment: [String: String], _ reader: SettingsReader) {
        guard let system = environment["OUTPUT_FS"] else { return }
        let place = environment["OUTPUT_DIR"] ?? ""
        if system == "LOCAL" {
            if place.hasPrefix("/") { directory = place }
            return
        }
        let schemes = ["AWS": "s3", "GCP": "gs", "AZURE": "abfs"]
        guard let scheme = schemes[system] else {
            reader.complain(
                at: LakeKeys.warehouse.description.key,
                "OUTPUT_FS=\(system) is no file system",
                advice: "set it to LOCAL, GCP, AWS or AZURE, or write lake.warehouse"
            )
            return
        }
        var name = place.firstRange(of: "://").map { String(place[$0.upperBound...]) } ?? place
        if scheme == "abfs", !name.contains("@"), let account = environment["AZURE_ACCOUNT_NAME"] {
            let slash = name.firstIndex(of: "/") ?? name.endIndex
            name = "\(name[..<slash])@\(account).dfs.core.windows.net\(name[slash...])"
        }
        do throws(StoreError) {
            let uri = try StoreURI("\(scheme)://\(name)")
            warehouse = "\(uri)"
        } catch {
            reader.complain(
                at: LakeKeys.warehouse.description.key,
                "OUTPUT_FS=\(system) and OUTPUT_DIR=\(place) name no place: \(error)",
                advice: "set OUTPUT_DIR to bucket/folder"
            )
        }
    }
}
