"""Microsoft's own client against our double of Azure Blob Storage: what the double says is what that client understands."""

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.core import MatchConditions
from azure.storage.blob import BlobServiceClient

from azure_double import ACCOUNT, KEY, AzureDouble


@pytest.fixture(scope="module")
def double():
    with AzureDouble() as double:
        yield double


def client(double, key=KEY, **more):
    return BlobServiceClient(f"{double.endpoint}/{ACCOUNT}", credential=key, retry_total=0, **more)


def test_blobs_are_put_read_listed_and_removed(double):
    container = client(double).create_container("a")
    with pytest.raises(ResourceExistsError):
        client(double).create_container("a")
    blob = container.upload_blob("x/y z+%.txt", b"hello", metadata={"k": "v"})
    assert blob.download_blob().readall() == b"hello"
    assert blob.download_blob(offset=1, length=3).readall() == b"ell"
    assert blob.get_blob_properties().metadata == {"k": "v"} and blob.get_blob_properties().size == 5
    container.upload_blob("x/2", b"")
    container.upload_blob("z", b"1")
    assert [b.name for b in container.list_blobs(name_starts_with="x/")] == ["x/2", "x/y z+%.txt"]
    assert [b.name for b in container.walk_blobs()] == ["x/", "z"]
    assert len(list(container.list_blobs(results_per_page=1))) == 3
    container.get_blob_client("copy").start_copy_from_url(blob.url)
    assert container.download_blob("copy").readall() == b"hello"
    blob.delete_blob()
    with pytest.raises(ResourceNotFoundError):
        blob.download_blob()


def test_blocks_become_a_blob_when_their_list_is_put(double):
    container = client(double, max_single_put_size=1000, max_block_size=1000).create_container("blocks")
    container.upload_blob("large", bytes(range(256)) * 40)
    assert container.download_blob("large").readall() == bytes(range(256)) * 40
    blob = container.get_blob_client("staged")
    blob.stage_block("AAAA", b"one")
    assert not blob.exists()
    blob.commit_block_list(["AAAA"])
    assert blob.download_blob().readall() == b"one"


def test_conditions_leases_and_signatures_are_kept(double):
    container = client(double).create_container("rules")
    blob = container.upload_blob("x", b"1")
    with pytest.raises(ResourceExistsError):
        container.upload_blob("x", b"2")
    tag = blob.get_blob_properties().etag
    blob.upload_blob(b"3", overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError):
        blob.upload_blob(b"4", overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified)
    lease = blob.acquire_lease()
    with pytest.raises(Exception):
        blob.delete_blob()
    lease.release()
    blob.delete_blob()
    with pytest.raises(ClientAuthenticationError):
        client(double, key="d3Jvbmc=").get_container_client("rules").get_container_properties()
