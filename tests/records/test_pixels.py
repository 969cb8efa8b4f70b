import hashlib

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numcodecs import zstd

from lungcore.errors import LungcoreError
from lungcore.imaging.volume import Volume
from lungcore.records.encoding import CHUNK_SLICES, decode, encode
from lungcore.records.pixels import PixelStore

UID = "1.2.826.0.1.3680043.8.498.1"


@pytest.fixture
def store(tmp_path):
    return PixelStore(tmp_path)


def volume(slices=37, rows=24, columns=20, seed=0):
    hu = np.random.default_rng(seed).integers(-32768, 32767, (slices, rows, columns), np.int16)
    affine = np.array([[0, 0, 0.7, -10], [0, 0.7, 0, 5.5], [2.5, 0, 0, -100.25], [0, 0, 0, 1]])
    return Volume(hu, affine, "1.2.3")


def test_what_is_read_is_what_was_written_bit_for_bit(store):
    written = volume()
    store.write(UID, written)
    read = store.read(UID)
    assert np.array_equal(read.hu, written.hu)
    assert np.array_equal(read.affine, written.affine)
    assert read.frame_of_reference_uid == "1.2.3"


@pytest.mark.filterwarnings("ignore::UserWarning")  # zarr calls numcodecs' names unspecified
def test_plain_zarr_opens_a_stored_volume(store, tmp_path):
    written = volume()
    store.write(UID, written)
    array = zarr.open_array(tmp_path / "pixels" / f"{UID}.zarr", mode="r")
    assert array.chunks == (CHUNK_SLICES, 24, 20)
    assert np.array_equal(array[:], written.hu)
    assert np.array_equal(array.attrs["affine"], written.affine)


def test_the_bytes_of_a_chunk_decode_by_plain_arithmetic_to_the_same_hu(store):
    written = volume()
    store.write(UID, written)
    raw = np.frombuffer(zstd.decompress(store.chunk(UID, 2)), np.uint8)
    low, high = raw[: len(raw) // 2].astype(np.int64), raw[len(raw) // 2 :].astype(np.int64)
    hu = np.cumsum(low + 256 * high)  # no wrap-around on the way
    hu = (hu + 32768) % 65536 - 32768
    hu = hu.reshape(CHUNK_SLICES, 24, 20)
    assert np.array_equal(hu[:5], written.hu[32:])
    assert (hu[5:] == -1024).all()


def test_the_hash_is_over_the_shape_and_the_little_endian_hu(store):
    written = volume()
    shape = b"".join(n.to_bytes(8, "little") for n in written.shape)
    expected = hashlib.sha256(shape + written.hu.astype("<i2").tobytes()).hexdigest()
    assert store.write(UID, written) == expected


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.int16, (CHUNK_SLICES, 2, 3), elements=st.integers(-32768, 32767)))
def test_coding_is_exact_over_the_whole_range(hu):
    assert np.array_equal(decode(zstd.decompress(encode(hu)), 2, 3), hu)


def test_writing_again_replaces_the_volume(store):
    store.write(UID, volume(slices=20))
    pixel_hash = store.write(UID, volume(slices=10, seed=1))
    assert np.array_equal(store.read(UID).hu, volume(slices=10, seed=1).hu)
    assert store.clean({UID: pixel_hash}) == []


def test_what_was_begun_and_not_put_in_place_leaves_nothing(store, tmp_path):
    with store.begin(UID, (3, 4, 5), np.eye(4), "") as writer:
        writer.append(np.zeros((3, 4, 5), np.int16))
        writer.finish()
    assert store.series_uids() == set()
    assert list((tmp_path / "pixels").iterdir()) == []


@pytest.mark.parametrize("stored", [True, False])
def test_a_volume_whose_record_could_not_be_kept_is_taken_back(store, tmp_path, stored):
    if stored:
        store.write(UID, volume())
    with (
        pytest.raises(RuntimeError, match="the disk is full"),
        store.begin(UID, (3, 4, 5), np.eye(4), "") as writer,
    ):
        writer.append(np.zeros((3, 4, 5), np.int16))
        writer.finish()
        writer.put_in_place()
        raise RuntimeError("the disk is full")
    assert store.series_uids() == ({UID} if stored else set())
    assert len(list((tmp_path / "pixels").iterdir())) == int(stored)
    if stored:
        assert np.array_equal(store.read(UID).hu, volume().hu)


@pytest.mark.parametrize(
    "slab", [np.zeros((2, 4, 5), np.int16), np.zeros((3, 4, 5), np.int32), np.zeros((3, 5, 4))]
)
def test_a_slab_of_another_shape_or_type_is_a_callers_mistake(store, slab):
    with store.begin(UID, (3, 4, 5), np.eye(4), "") as writer, pytest.raises(ValueError):
        writer.append(slab)


def test_a_volume_that_lacks_slices_cannot_be_finished(store):
    with store.begin(UID, (20, 4, 5), np.eye(4), "") as writer:
        writer.append(np.zeros((16, 4, 5), np.int16))
        with pytest.raises(ValueError, match="16 of 20"):
            writer.finish()


def test_an_absent_series_or_chunk_is_named(store):
    for call in (store.read, lambda uid: store.chunk(uid, 0)):
        with pytest.raises(LungcoreError, match=UID):
            call(UID)
    store.write(UID, volume())
    with pytest.raises(LungcoreError, match="part 3"):
        store.chunk(UID, 3)


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "metadata"])
def test_a_damaged_volume_is_named_and_not_shown(store, tmp_path, damage):
    store.write(UID, volume())
    folder = tmp_path / "pixels" / f"{UID}.zarr"
    chunk = folder / "c.1.0.0"
    data = bytearray(chunk.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
        chunk.write_bytes(data)
    elif damage == "cut":
        chunk.write_bytes(data[: len(data) // 2])
    elif damage == "gone":
        chunk.unlink()
    else:
        (folder / "zarr.json").write_text("{}")
    with pytest.raises(LungcoreError, match=UID):
        store.read(UID)


def test_clean_removes_the_unknown_and_the_half_written(store, tmp_path):
    other = f"{UID}.2"
    pixel_hash = store.write(UID, volume())
    store.write(other, volume())
    (tmp_path / "pixels" / f".{UID}.abc").mkdir()
    assert store.clean({UID: pixel_hash}) == [f".{UID}.abc", f"{other}.zarr"]
    assert store.series_uids() == {UID}
    store.remove(UID)
    store.remove(UID)
    assert store.series_uids() == set()


def test_clean_takes_back_a_volume_whose_replacing_was_cut_off(store, tmp_path):
    pixel_hash = store.write(UID, volume())
    folder = tmp_path / "pixels"
    (folder / f"{UID}.zarr").rename(folder / f".{UID}.abc.replaced")
    assert store.clean({UID: pixel_hash}) == []
    assert np.array_equal(store.read(UID).hu, volume().hu)


@pytest.mark.parametrize("is_committed", [False, True])
def test_clean_keeps_of_two_volumes_the_one_that_the_record_names(store, tmp_path, is_committed):
    """A power cut between the new volume's place and the commit of its record."""
    folder = tmp_path / "pixels"
    before = store.write(UID, volume())
    (folder / f"{UID}.zarr").rename(folder / f".{UID}.abc.replaced")
    after = store.write(UID, volume(slices=20, seed=1))
    store.clean({UID: after if is_committed else before})
    kept = volume(slices=20, seed=1) if is_committed else volume()
    assert np.array_equal(store.read(UID).hu, kept.hu)
    assert [path.name for path in folder.iterdir()] == [f"{UID}.zarr"]


@pytest.mark.parametrize("uid", ["", ".", "1..2", "1." + "2" * 63, "../1.2", "..", "1.2/3", "a.b"])
def test_a_series_uid_never_names_another_folder(store, uid):
    with pytest.raises(ValueError, match="series_uid"):
        store.read(uid)
