"""What a table names, by PyIceberg: whatever else lies below its location is an orphan."""


def last(uri):
    return uri.rsplit("/", 1)[-1]


def named(table):
    """The last parts of the names of all files: data, manifests, manifest lists, metadata."""
    metadata = table.metadata
    names = {last(table.metadata_location)} | {last(entry.metadata_file) for entry in metadata.metadata_log}
    for snapshot in metadata.snapshots:
        names.add(last(snapshot.manifest_list))
        for manifest in snapshot.manifests(table.io):
            names.add(last(manifest.manifest_path))
            names |= {last(entry.data_file.file_path) for entry in manifest.fetch_manifest_entry(table.io)}
    return names
