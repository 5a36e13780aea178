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
