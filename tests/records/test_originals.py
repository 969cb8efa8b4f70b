import hashlib

import pytest

from lungcore.records.originals import OriginalStore

CONTENT = b"DICM" * 700_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path):
    return OriginalStore(tmp_path / "storage")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "slice.dcm"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("move", [False, True])
def test_a_file_is_kept_under_its_hash(store, file, move):
    assert store.add(file, move=move) == SHA256
    assert store.path(SHA256).read_bytes() == CONTENT
    assert file.exists() is not move
    assert store.clean({SHA256}) == []


@pytest.mark.parametrize("move", [False, True])
def test_the_same_content_is_kept_once(store, file, tmp_path, move):
    store.add(file, move=False)
    assert store.add(file, move=move) == SHA256
    files = [path for path in (tmp_path / "storage").rglob("*") if path.is_file()]
    assert files == [store.path(SHA256)]


def test_a_move_to_another_disk_copies(store, file, monkeypatch):
    replace = type(file).replace

    def refuse_first(path, target):
        if path == file:
            raise OSError(18, "Invalid cross-device link")
        return replace(path, target)

    monkeypatch.setattr(type(file), "replace", refuse_first)
    assert store.add(file, move=True) == SHA256
    assert store.path(SHA256).read_bytes() == CONTENT
    assert not file.exists()


def test_clean_removes_the_unknown_and_the_half_written(store, file, tmp_path):
    store.add(file, move=False)
    half = tmp_path / "storage" / "originals" / "incoming" / "half"
    half.write_bytes(b"x")
    assert sorted(store.clean(set())) == sorted([SHA256, "half"])
    assert not half.exists()
    assert not store.path(SHA256).exists()


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", SHA256.upper(), SHA256 + "0"])
def test_a_hash_never_names_another_file(store, sha256):
    with pytest.raises(ValueError, match="sha256"):
        store.path(sha256)
