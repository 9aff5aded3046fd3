"""Files of modules: damaged, forged, huge or shared ones give the one sentence, in bounded memory, and change nothing."""

import io
import os
import stat
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest

from scalargrad import nn

SENTENCE = r"is not a file that save\(\) wrote \(\.npz, arrays only\), or it is damaged"


def model(seed=0):
    return nn.Sequential(nn.Linear(3, 4, seed=seed), nn.BatchNorm1d(4), nn.Linear(4, 2, seed=seed + 1))


def numbers(m):
    return {name: x.copy() for name, x in m.state_dict().items()}


def header(text):
    body = text.encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body


def forged(path, **changed):
    """A file as save() writes it, some of its entries replaced by bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, x in model().state_dict().items():
            stream = io.BytesIO()
            np.save(stream, x)
            archive.writestr(f"{name}.npy", changed.get(name, stream.getvalue()))
    return path


@pytest.mark.parametrize("block", range(8))
@pytest.mark.parametrize("compressed", [False, True])
def test_a_damaged_file_is_always_the_one_sentence(tmp_path, block, compressed):
    path, rng = tmp_path / "model.npz", np.random.default_rng(block)
    model().save(path)
    if compressed:
        np.savez_compressed(path, **dict(np.load(path)))
    whole, m = path.read_bytes(), model(5)
    before, saved = numbers(m), numbers(model())
    refused = 0
    for i in range(130):
        data = bytearray(whole)
        way = i % 4
        if way == 0:
            data = data[: rng.integers(len(data))]
        elif way == 1:
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        elif way == 2:
            start = rng.integers(len(data))
            length = int(rng.integers(1, 60))
            data[start : start + length] = rng.bytes(length)
        else:  # the directory at the end, which says what is where
            data[len(data) - 1 - rng.integers(min(900, len(data)))] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        try:
            m.load(path)
        except ValueError as error:
            assert str(error).startswith("model.npz is not a file that save() wrote"), error  # noqa: PT017
            refused += 1
            assert all(np.array_equal(x, before[name]) for name, x in m.state_dict().items())
        else:  # what was hit says nothing about the numbers: a time, a version
            assert all(np.array_equal(x, saved[name]) for name, x in m.state_dict().items())
            m.load_state_dict(before)
    assert refused > 80


HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-3, -4), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), ",
    "{'descr': '<f8', 'fortran_order': False}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (3, 4), }",
    "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3, 4), }",
    "{'descr': '<U4', 'fortran_order': False, 'shape': (3, 4), }",
    "{'descr': 'nonsense', 'fortran_order': False, 'shape': (3, 4), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 4L), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': 12, }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (3, True, 4), }",
    "__import__('os').system('false')",
    "[" * 5000,
    "",
]


@pytest.mark.parametrize("text", HEADERS)
def test_a_forged_header_is_one_sentence(tmp_path, text):
    path = forged(tmp_path / "model.npz", **{"0.W": header(text) + bytes(96)})
    m = model()
    before = numbers(m)
    with pytest.raises(ValueError, match=rf"{SENTENCE}|0\.W: expected (the shape|numbers)"):
        m.load(path)
    assert all(np.array_equal(x, before[name]) for name, x in m.state_dict().items())


def test_more_or_less_than_the_header_says_is_refused(tmp_path):
    good = header("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }")
    for data in (good + bytes(95), good + bytes(97), good, good[:9], b"", b"\x93NUMPY\x09\x00", b"x" * 200):
        with pytest.raises(ValueError, match=SENTENCE):
            model().load(forged(tmp_path / "model.npz", **{"0.W": data}))


def bomb(path, size):
    """An entry of zeros that is tiny when compressed."""
    good = header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({size // 8},), }}")
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("0.W.npy", "w", force_zip64=True) as entry,
    ):
        entry.write(good)
        for _ in range(size >> 20):
            entry.write(bytes(1 << 20))
    return path


@pytest.mark.parametrize("named", ["0.W.npy", "other.npy"])
def test_a_small_file_that_unpacks_to_much_takes_no_memory(tmp_path, named):
    path = bomb(tmp_path / "model.npz", 200 << 20)
    if named != "0.W.npy":
        data = path.read_bytes().replace(b"0.W.npy", b"0_W.npy")
        path.write_bytes(data)
    assert path.stat().st_size < 1 << 20
    m = model()
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, KeyError)):
            m.load(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_bomb_under_the_right_shape_is_refused_as_too_long(tmp_path):
    path = tmp_path / "model.npz"
    data = header("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }") + bytes(100 << 20)
    forged(path, **{"0.W": data})
    del data
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=SENTENCE):
            model().load(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_other_ways_of_packing_and_names_that_stand_twice_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    for way in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(path, "w", way) as archive:
            for name, x in model().state_dict().items():
                stream = io.BytesIO()
                np.save(stream, x)
                archive.writestr(f"{name}.npy", stream.getvalue())
        with pytest.raises(ValueError, match=SENTENCE):
            model().load(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.npy", "a"):
            archive.writestr(name, header("{'descr': '<f8', 'fortran_order': False, 'shape': (), }") + bytes(8))
    with pytest.raises(ValueError, match=SENTENCE):
        model().load(path)


def test_what_numpy_saves_is_read(tmp_path):
    source, path = model(3), tmp_path / "model.npz"
    state = source.state_dict()
    for form in (lambda x: x, np.asfortranarray, lambda x: x.astype(">f8"), lambda x: x.astype(np.longdouble)):
        for save in (np.savez, np.savez_compressed):
            save(path, **{name: form(x) for name, x in state.items()})
            m = model().load(path)
            assert all(np.array_equal(x, state[name]) for name, x in m.state_dict().items())


def test_a_file_that_is_not_there_or_a_folder_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        model().load(tmp_path / "none.npz")
    with pytest.raises(OSError, match=r"directory|denied"):
        model().load(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        model().save(tmp_path / "none" / "model.npz")


def test_the_suffix_may_be_written_in_capitals(tmp_path):
    path = model().save(tmp_path / "X.NPZ")
    assert path.name == "X.NPZ"
    model(4).load(path)


@pytest.mark.skipif(os.name != "posix", reason="permissions and links are those of POSIX")
def test_saving_keeps_permissions_and_links(tmp_path):
    path, link = tmp_path / "model.npz", tmp_path / "link.npz"
    model().save(path)
    path.chmod(0o600)
    link.symlink_to(path)
    model(3).save(link)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert link.is_symlink()
    assert np.array_equal(model().load(path).state_dict()["0.W"], model(3).state_dict()["0.W"])


def test_savers_at_once_leave_a_whole_file(tmp_path):
    path, errors = tmp_path / "model.npz", []

    def work(seed):
        try:
            m = model(seed)
            for _ in range(25):
                m.save(path)
                model().load(path)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


@pytest.mark.skipif(os.name != "posix", reason="a limit of the size of files is one of POSIX")
def test_a_full_disk_leaves_what_was_saved_before(tmp_path):
    path = model().save(tmp_path / "model.npz")
    before = path.read_bytes()
    code = (
        "import resource, signal, sys; from scalargrad import nn\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "try: nn.Linear(30, 30).save(sys.argv[1])\n"
        "except OSError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert "could not be written" in done.stdout
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]
