#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/run.sh, scripts/fetch and scripts/deps do what the top of each says, without QEMU and without network."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CLEAR = ("ARCH", "LANE", "KERNEL", "MAC", "NET", "MEM", "APPEND", "PCAP", "SERIAL", "GDB", "QEMU_ARGS", "BUILD",
         "DEPS_DIR", "OFFLINE", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "NO_BUILD", "TOOLCHAIN")


def run(command, **settings):
    env = {k: v for k, v in os.environ.items() if k not in CLEAR}
    done = subprocess.run(command, env={**env, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, universal_newlines=True)
    return done.returncode, done.stdout, done.stderr


class Help(unittest.TestCase):
    def test_each_says_what_it_does_and_does_nothing_else(self):
        for name in ("authority", "debug.sh", "fetch", "qemu-test.sh", "repro.sh", "run.sh"):
            status, out, err = run([os.path.join(ROOT, "scripts", name), "--help"], BUILD="/nowhere")
            self.assertEqual((status, err), (0, ""), name)
            self.assertRegex(out, r"^[A-Z][^\n]+", name)
            self.assertNotIn("set -eu", out)

    def test_a_lane_given_as_an_argument_is_refused(self):
        status, out, err = run([os.path.join(ROOT, "scripts/qemu-test.sh"), "default"])
        self.assertEqual((status, out), (2, ""))
        self.assertIn("--help", err)


class Launcher(unittest.TestCase):
    SCRIPT = os.path.join(ROOT, "scripts/run.sh")

    def command(self, **settings):
        status, out, err = run([self.SCRIPT, "--print"], **settings)
        self.assertEqual(status, 0, err)
        return out

    def boots(self):
        for arch in ("riscv64", "aarch64"):
            for lane in run([self.SCRIPT, "--lanes"], ARCH=arch)[1].split():
                yield arch, lane, self.command(ARCH=arch, LANE=lane)

    def test_every_user_network_is_restricted(self):
        networks = [re.findall(r"'-netdev' '([^']*)'", command) for _, _, command in self.boots()]
        self.assertTrue(any(networks))
        for network in sum(networks, []):
            self.assertRegex(network, r"^(user,id=net\d,restrict=on(,.*)?|hubport,id=net\d,hubid=0(,netdev=net\d)?|"
                             r"dgram,id=net\d,local.type=inet,local.host=127.0.0.1,.*)$")
            self.assertNotIn("restrict=off", network)

    def test_an_open_network_has_no_discovery_unless_it_is_asked_for(self):
        self.assertIn("discovery=off", self.command(NET="open"))
        self.assertNotIn("discovery", self.command(NET="open", DISCOVERY="1"))
        self.assertNotIn("discovery", self.command(NET="open", LANE="services"))
        self.assertNotIn("discovery", self.command())
        err = run([self.SCRIPT, "--print"], NET="open")[2]
        self.assertIn("forwards the guest's multicast", err)
        self.assertIn("DISCOVERY=1", err)

    def test_no_two_devices_share_a_page(self):
        for arch, lane, command in self.boots():
            slots = [int(n) for n in re.findall(r"virtio-mmio-bus\.(\d+)", command)]
            pages = [slot // (8 if arch == "aarch64" else 1) for slot in slots]
            self.assertEqual(len(pages), len(set(pages)), (arch, lane))

    def test_every_lane_has_a_list_of_its_lines_or_is_for_figures(self):
        for arch, lane, _ in self.boots():
            if lane not in ("bench", "two-vm"):  # the latter is two_vm.py's
                self.assertTrue(os.path.exists(os.path.join(ROOT, "tests/markers", lane + ".txt")), (arch, lane))

    def test_the_mac_is_fixed_unless_another_is_asked_for(self):
        self.assertIn("mac=02:00:00:00:00:01,", self.command())
        self.assertIn("mac=02:00:00:00:00:09,", self.command(MAC="02:00:00:00:00:09"))

    def test_boot_arguments_are_the_lanes_and_then_those_asked_for(self):
        self.assertIn("'-append' 'lane=minimal dual=1 profile=minimal node=a'",
                      self.command(LANE="minimal", APPEND="node=a"))

    def test_without_a_lane_the_guest_is_told_of_none(self):
        self.assertIn("'-append' '' ", self.command())

    def test_the_firmware_of_riscv64_is_ours_unless_another_is_asked_for(self):
        self.assertIn("'-bios' 'build/riscv64/opensbi.bin'", self.command(BUILD="build"))
        self.assertIn("'-bios' 'default'", self.command(BIOS="default"))
        self.assertIn("'-bios' 'default'", self.command(LANE="bios"))
        self.assertNotIn("-bios", self.command(ARCH="aarch64", BIOS="default"))

    def test_only_the_lane_without_a_device_has_none(self):
        for arch, lane, command in self.boots():
            has_none = lane in ("bad-init", "bad-program", "bad-tree", "bad-words", "no-nic", "bench", "user-read",
                                "stack-overflow")
            wanted = "no" if has_none else "yes"
            self.assertEqual(run([self.SCRIPT, "--network"], ARCH=arch, LANE=lane)[1].strip(), wanted)
            self.assertEqual("virtio-net-device" in command, wanted == "yes")

    def test_what_makes_no_sense_is_refused(self):
        for settings in ({"ARCH": "x86"}, {"LANE": "nowhere"}, {"ARCH": "riscv64", "LANE": "gicv3"}):
            self.assertEqual(run([self.SCRIPT, "--print"], **settings)[0], 2)
        self.assertEqual(run([self.SCRIPT, "--nonsense"])[0], 2)
        status, _, err = run([self.SCRIPT], KERNEL="/nowhere/kernel.elf")
        self.assertEqual((status, "/nowhere/kernel.elf" in err or "qemu" in err), (3, True))


class BadInput(unittest.TestCase):
    """A clear line and the status of the manual, at once."""
    UNKNOWN = "ARCH=x86 is not one of: riscv64 aarch64"

    def with_tools(self, *tools):
        """A PATH with these and nothing else."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for tool in tools:
            os.symlink(shutil.which(tool), os.path.join(folder.name, tool))
        return folder.name

    def expect(self, command, status, words, **settings):
        found, out, err = run(command, **settings)
        self.assertEqual(found, status, out + err)
        self.assertIn(words, err)

    def test_an_unknown_cpu(self):
        for script in ("qemu-test.sh", "run.sh"):
            self.expect([os.path.join(ROOT, "scripts", script)], 2, self.UNKNOWN, ARCH="x86")
        self.expect(["make", "-C", ROOT, "ARCH=x86", "all"], 2, self.UNKNOWN)

    def test_an_unknown_lane(self):
        path = self.with_tools("sh", "env", "dirname")  # there is no make: nothing is built first
        self.expect([os.path.join(ROOT, "scripts/qemu-test.sh")], 2, "LANE=nowhere is not one of: default ",
                    LANE="nowhere", PATH=path)

    def test_an_unknown_suite(self):
        self.expect(["make", "-C", ROOT, "check", "SUITE=bytes nowhere"], 2, "SUITE=bytes nowhere: not all of it is")

    def test_a_missing_qemu(self):
        path = self.with_tools("sh", "env", "dirname")
        with tempfile.NamedTemporaryFile() as kernel:
            wanted = "qemu-system-riscv64 is missing; run scripts/deps run"
            self.expect([os.path.join(ROOT, "scripts/run.sh")], 3, wanted, KERNEL=kernel.name, PATH=path)
            status, out, err = run([os.path.join(ROOT, "scripts/qemu-test.sh")], KERNEL=kernel.name, PATH=path,
                                   NO_BUILD="1", UART_LOG=os.path.join(path, "u"), QEMU_LOG=os.path.join(path, "q"))
            self.assertEqual((status, wanted in out + err), (3, True), out + err)

    def test_a_missing_kernel(self):
        self.expect([os.path.join(ROOT, "scripts/run.sh")], 3, "/nowhere/kernel.elf is missing; run make ARCH=riscv64",
                    KERNEL="/nowhere/kernel.elf", PATH=self.with_tools("sh", "env") + ":" + os.environ["PATH"])

    def test_a_missing_firmware(self):
        with tempfile.NamedTemporaryFile() as kernel:
            wanted = "/nowhere/opensbi.bin is missing; run make ARCH=riscv64, or set BIOS=default"
            self.expect([os.path.join(ROOT, "scripts/run.sh")], 3, wanted, KERNEL=kernel.name,
                        BIOS="/nowhere/opensbi.bin")


class Spoil(unittest.TestCase):
    def test_a_file_without_what_it_would_spoil_is_refused(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"nothing")
            file.flush()
            for verb in (["program", "init"], ["tree", "old", "new"], ["tree", "longer", "old"], ["other"]):
                self.assertNotEqual(run(["/usr/bin/python3", "-B", os.path.join(ROOT, "tests/qemu/spoil.py"), *verb,
                                         file.name, file.name + ".out"])[0], 0)
            self.assertFalse(os.path.exists(file.name + ".out"))


class Fetch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root, self.deps = os.path.join(folder.name, "tree"), os.path.join(folder.name, "deps")
        os.makedirs(os.path.join(self.root, "scripts"))
        os.makedirs(self.deps)
        shutil.copy(os.path.join(ROOT, "scripts/fetch"), os.path.join(self.root, "scripts"))
        source = os.path.join(folder.name, "thing-1")
        os.makedirs(source)
        with open(os.path.join(source, "file"), "w") as file:
            file.write("text")
        self.tarball = os.path.join(self.deps, "any-name.tar.gz")
        with tarfile.open(self.tarball, "w:gz") as tar:
            tar.add(source, "thing-1")
        with open(self.tarball, "rb") as file:
            self.sha256 = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(self.root, "scripts/deps.lock"), "w") as lock:
            lock.write("# comment\nthing thing_1.orig.tar.gz %s nowhere:thing\n" % self.sha256)

    def fetch(self, *names, **settings):
        return run([os.path.join(self.root, "scripts/fetch"), *names], OFFLINE="1", **settings)

    def unpacked(self):
        return os.path.exists(os.path.join(self.root, "build/src/thing/file"))

    def test_takes_a_file_from_a_folder_by_its_checksum(self):
        with open(os.path.join(self.deps, "thing_1.orig.tar.gz"), "w") as wrong:
            wrong.write("right name, wrong content")
        status, out, err = self.fetch(DEPS_DIR=self.deps)
        self.assertEqual((status, self.unpacked()), (0, True), out + err)

    def test_needs_nothing_once_it_is_in_the_cache(self):
        self.fetch(DEPS_DIR=self.deps)
        shutil.rmtree(os.path.join(self.root, "build"))
        self.assertEqual((self.fetch()[0], self.unpacked()), (0, True))

    def test_a_stamp_is_renewed_only_when_the_list_is_newer(self):
        self.fetch(DEPS_DIR=self.deps)
        stamp = os.path.join(self.root, "build/src/thing/.sha256")
        for list_ns, changes in ((1000, False), (3000, True)):
            for name in ("fetch", "deps.lock"):
                os.utime(os.path.join(self.root, "scripts", name), ns=(list_ns, list_ns))
            os.utime(stamp, ns=(2000, 2000))
            self.assertEqual(self.fetch()[0], 0)
            self.assertEqual(os.stat(stamp).st_mtime_ns != 2000, changes)

    def test_offline_says_what_is_missing(self):
        status, _, err = self.fetch()
        self.assertEqual(status, 5)
        self.assertIn("thing_1.orig.tar.gz (sha256 %s) is missing" % self.sha256, err)

    def test_a_damaged_cache_is_noticed(self):
        self.fetch(DEPS_DIR=self.deps)
        with open(os.path.join(self.root, ".deps", self.sha256), "ab") as file:
            file.write(b"x")
        self.assertEqual(self.fetch()[0], 5)

    def test_a_name_that_is_not_in_the_list_is_refused(self):
        self.assertEqual(self.fetch("other")[0], 2)

    def test_a_folder_that_is_none_is_refused(self):
        self.assertEqual(self.fetch(DEPS_DIR="/nowhere")[0], 2)


class Deps(unittest.TestCase):
    SCRIPT = os.path.join(ROOT, "scripts/deps")

    def test_lists_the_packages_of_a_group(self):
        self.assertIn("opensbi", run([self.SCRIPT, "--list", "run"])[1].split())
        self.assertNotIn("opensbi", run([self.SCRIPT, "--list", "build"])[1].split())

    def test_says_nothing_when_all_are_there(self):
        self.assertEqual(run([self.SCRIPT, "build"], OFFLINE="1"), (0, "", ""))

    def test_a_group_that_does_not_exist_is_refused(self):
        self.assertEqual(run([self.SCRIPT, "nonsense"])[0], 2)
        self.assertEqual(run([self.SCRIPT])[0], 2)


if __name__ == "__main__":
    unittest.main()
