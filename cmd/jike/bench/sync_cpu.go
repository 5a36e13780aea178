package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"
)

// usage is processor time: of the two database servers and of this process, in which leaf server,
// hub, capture and apply run.
type usage struct{ province, national, own time.Duration }

func (u usage) since(before usage) usage {
	return usage{u.province - before.province, u.national - before.national, u.own - before.own}
}

func (u usage) plus(more usage) usage {
	return usage{u.province + more.province, u.national + more.national, u.own + more.own}
}

// ticksPerSecond is the unit of /proc's times, the same on every Linux.
const ticksPerSecond = 100

// serverTime adds up a database server and its children, ended ones included.
func serverTime(pid int) (time.Duration, error) {
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		return 0, err
	}
	// Of the server itself also what ended children took.
	ticks, err := processTicks(pid, 4)
	if err != nil {
		return 0, err
	}
	for _, field := range bytes.Fields(list) {
		child, err := strconv.Atoi(string(field))
		if err != nil {
			return 0, err
		}
		n, err := processTicks(child, 2)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) { // ended meanwhile
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// processTicks adds up the first of a process's four times: own user and system, and the same of
// children that have ended.
func processTicks(pid, times int) (sum int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name is in brackets and may hold anything; the times are the 12th field after it on.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return 0, fmt.Errorf("/proc/%d/stat has an unknown form", pid)
	}
	for _, f := range fields[11 : 11+times] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func ownTime() (time.Duration, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, err
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), nil
}
