package capture

import (
	"encoding/binary"
	"fmt"
	"testing"

	"jike/schemas/replica"
	"jike/sync/wire"
)

var resendTables = []replica.Table{
	{Schema: "crm", Name: "a", Key: "id", Columns: []replica.Column{{Name: "id", Type: "int8"}, {Name: "x", Type: "text"}, {Name: "y", Type: "text"}}},
	{Schema: "crm", Name: "b", Key: "id", Columns: []replica.Column{{Name: "id", Type: "int8"}}},
}

func TestWhatAPublicationGains(t *testing.T) {
	whole := map[string][]string{"crm.a": {"national", "id", "x", "y"}, "crm.b": {"national", "id"}}
	for name, c := range map[string]struct {
		have   map[string][]string
		gained string
		same   bool
	}{
		"nothing":              {whole, "map[]", true},
		"a column":             {map[string][]string{"crm.a": {"national", "id", "x"}, "crm.b": {"national", "id"}}, "map[crm.a:[y]]", false},
		"a table":              {map[string][]string{"crm.a": {"national", "id", "x", "y"}}, "map[crm.b:[id]]", false},
		"one column less":      {map[string][]string{"crm.a": {"national", "id", "x", "y", "z"}, "crm.b": {"national", "id"}}, "map[]", false},
		"one table less":       {map[string][]string{"crm.a": whole["crm.a"], "crm.b": whole["crm.b"], "crm.c": {"national", "id"}}, "map[]", false},
		"one for another":      {map[string][]string{"crm.a": {"national", "id", "x", "z"}, "crm.b": {"national", "id"}}, "map[crm.a:[y]]", false},
		"nothing is there yet": {nil, "map[crm.a:[id x y] crm.b:[id]]", false},
	} {
		gained, same := gains(c.have, resendTables)
		if fmt.Sprint(gained) != c.gained || same != c.same {
			t.Errorf("%s: %v, same %t", name, gained, same)
		}
	}
}

// tupleField is a field of a tuple with this text, nil for null.
func tupleField(text *string) []byte {
	if text == nil {
		return []byte{0xff, 0xff, 0xff, 0xff}
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(*text))), *text...)
}

// A repair that an older release put into the log, with a column less, becomes a question for the row.
func TestARepairOfAnOlderReleaseIsAskedForAgain(t *testing.T) {
	key, text := "\x00\x00\x00\x00\x00\x00\x00\x2a", "text"
	old := append(tupleField(&key), tupleField(&text)...)
	content := binary.BigEndian.AppendUint32(nil, 0)
	content = appendRepair(content, wire.Repair, old)
	content = appendRepair(content, wire.Repair, append(old, tupleField(nil)...))
	content = appendRepair(content, wire.Absent, binary.BigEndian.AppendUint64([]byte(key), 0))
	var got []string
	err := readRepair(content, resendTables, func(c wire.Change) { got = append(got, fmt.Sprint(string(c.Op), c.Key())) })
	if err != nil || fmt.Sprint(got) != "[P42 R42 X42]" {
		t.Errorf("%v %v", got, err)
	}
	if err := readRepair(appendRepair(binary.BigEndian.AppendUint32(nil, 0), wire.Repair, old[:6]), resendTables, func(wire.Change) {}); err == nil {
		t.Error("a torn tuple was taken")
	}
}
