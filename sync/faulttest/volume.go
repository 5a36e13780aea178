package faulttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Volume is a file system of its own, so that its power can be cut and its space used up without
// harm to the machine. Mounting needs root.
type Volume struct {
	dir   string
	image string // of an ext4 file system; "" for one in memory
	size  string // as mount and truncate read it, such as 256M
}

// errMount says that this machine does not let the test mount a file system.
var errMount = errors.New("file systems cannot be mounted here (root is needed)")

// newDisk makes an ext4 file system in a file and mounts it at dir.
func newDisk(dir, image, size string) (*Volume, error) {
	v := &Volume{dir: dir, image: image, size: size}
	if err := errors.Join(run("truncate", "-s", size, image), run("mkfs.ext4", "-q", "-F", image)); err != nil {
		return nil, fmt.Errorf("%w: %w", errMount, err)
	}
	return v, v.mount()
}

// newMemory mounts a file system in memory at dir.
func newMemory(dir, size string) (*Volume, error) {
	v := &Volume{dir: dir, size: size}
	return v, v.mount()
}

func (v *Volume) mount() error {
	if err := os.MkdirAll(v.dir, 0o711); err != nil {
		return err
	}
	args := []string{"-t", "tmpfs", "-o", "mode=0711,size=" + v.size, "tmpfs", v.dir}
	if v.image != "" {
		args = []string{"-o", "loop", v.image, v.dir}
	}
	if err := run("mount", args...); err != nil {
		return fmt.Errorf("%w: %w", errMount, err)
	}
	return nil
}

// shutdownNow is the ioctl with which a file system stops all writing at once, its log included:
// FS_IOC_SHUTDOWN with the flag for "no flush".
const (
	shutdownNow    = 0x8004587d
	withoutFlush   = 2
	fillUpTo       = 2 << 20 // what fill leaves
	fillStep       = 64 << 20
	fillName       = "fill"
	mountPathError = "volume %s: %w"
)

// cutPower stops the disk as a power cut would: what was not synced is lost. The volume is of no
// use until powerOn.
func (v *Volume) cutPower() error {
	f, err := os.Open(v.dir)
	if err != nil {
		return fmt.Errorf(mountPathError, v.dir, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if err := unix.IoctlSetPointerInt(int(f.Fd()), shutdownNow, withoutFlush); err != nil {
		return fmt.Errorf(mountPathError, v.dir, err)
	}
	return nil
}

// powerOn mounts the disk again as the power cut left it. Nobody may use it.
func (v *Volume) powerOn() error {
	return errors.Join(run("umount", v.dir), v.mount())
}

// unmount takes the volume away; what still ends on it keeps it until it has.
func (v *Volume) unmount() error { return run("umount", "--lazy", v.dir) }

// fill uses up the space but for a little. It goes in steps, because others write meanwhile and
// what was free when it was asked for may be gone when it is taken.
func (v *Volume) fill() error {
	f, err := os.Create(filepath.Join(v.dir, fillName))
	if err != nil {
		return err
	}
	for size := int64(0); err == nil; {
		var st unix.Statfs_t
		if err = unix.Fstatfs(int(f.Fd()), &st); err != nil {
			break
		}
		step := min(int64(st.Bavail)*st.Bsize-fillUpTo, fillStep)
		if step <= 0 {
			break
		}
		if err = unix.Fallocate(int(f.Fd()), 0, size, step); errors.Is(err, unix.ENOSPC) {
			err = nil
			continue
		}
		size += step
	}
	return errors.Join(err, f.Close())
}

// free gives the space back.
func (v *Volume) free() error { return os.Remove(filepath.Join(v.dir, fillName)) }

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
