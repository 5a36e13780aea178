package loopback

import (
	"fmt"
	"net"
	"slices"
	"testing"
)

func TestFreePortsDifferAndCanBeListenedOn(t *testing.T) {
	ports, err := FreePorts(50)
	if err != nil || len(ports) != 50 {
		t.Fatal(ports, err)
	}
	slices.Sort(ports)
	if len(slices.Compact(slices.Clone(ports))) != 50 {
		t.Errorf("one comes twice: %v", ports)
	}
	for _, port := range ports {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A port that was given to somebody is not given to another, though nobody listens on it yet.
func TestAPortIsGivenOnce(t *testing.T) {
	given, err := FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reserve(given[0]); err == nil {
		t.Errorf("port %d is given twice", given[0])
	}
}
