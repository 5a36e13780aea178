package check

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"jike/schemas/replica"
	"jike/sync/wire"
)

// canary is a value that occurs once in the world and is looked for everywhere.
type canary struct {
	what     string // where it was put: no other one has the same
	text     string
	date     time.Time // of a birthday, else zero
	selected bool      // it must arrive: the proof that the search can find
}

// finder looks for canaries in what it is given. Its methods may be called by several goroutines.
type finder struct {
	dice *rand.Rand

	mu       sync.Mutex
	canaries []canary
	texts    map[string]int // as text and as hexadecimal digits: index in canaries
	trails   []*trail
	seen     map[string]map[string]int // place, canary: how often
	searched map[string]int64          // place: bytes
}

func newFinder(seed uint64) *finder {
	return &finder{
		dice: rand.New(rand.NewPCG(seed, 9)), texts: map[string]int{},
		seen: map[string]map[string]int{}, searched: map[string]int64{},
	}
}

// trail is a kind of value that is noted wherever it is found; which ones were allowed to be there
// is only known in the end.
type trail struct {
	begins string
	length int
	seen   map[string]map[string]bool // place, value
}

// follow notes from now on every text of a length that begins so. It is not looked for in logs.
func (f *finder) follow(begins string, length int) *trail {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &trail{begins, length, map[string]map[string]bool{}}
	f.trails = append(f.trails, t)
	return t
}

// in says in which places a value was found.
func (t *trail) in(value string) (places []string) {
	for place, seen := range t.seen {
		if seen[value] {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}

func (t *trail) look(place string, data []byte) {
	for _, at := range indexes(data, []byte(t.begins)) {
		if at+t.length > len(data) {
			continue
		}
		if t.seen[place] == nil {
			t.seen[place] = map[string]bool{}
		}
		t.seen[place][string(data[at:at+t.length])] = true
	}
}

// indexes lists where a text begins.
func indexes(data, begins []byte) (list []int) {
	for at := 0; ; at++ {
		next := bytes.Index(data[at:], begins)
		if next < 0 {
			return list
		}
		at += next
		list = append(list, at)
	}
}

// Every canary begins with one of these, so that one pass for each finds all.
const (
	wordBegins   = "zq"
	numberBegins = "19" // mobile numbers, and years of birthdays
)

var beginnings = [][]byte{
	[]byte(wordBegins), []byte(numberBegins),
	[]byte(hex.EncodeToString([]byte(wordBegins))), []byte(hex.EncodeToString([]byte(numberBegins))),
}

// The ways to make canaries: a word, a mobile number, a birthday. Each is looked for from now on.
func (f *finder) word(what string, selected bool) string {
	return f.add(canary{what: what, selected: selected}, func() string { return fmt.Sprintf("%s%012xk", wordBegins, f.dice.Uint64()>>16) })
}

func (f *finder) phone(what string) string {
	return f.add(canary{what: what}, func() string { return fmt.Sprintf("%s%09d", numberBegins, f.dice.IntN(1_000_000_000)) })
}

func (f *finder) birthday(what string) string {
	return f.add(canary{what: what}, func() string {
		return time.Date(1901+f.dice.IntN(40), 1, 1+f.dice.IntN(365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	})
}

// add takes a canary with the first text that draw gives and no other one has.
func (f *finder) add(c canary, draw func() string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for taken := true; taken; _, taken = f.texts[c.text] {
		c.text = draw()
	}
	c.date, _ = time.Parse(time.DateOnly, c.text) // what is no date stays the zero time
	f.texts[c.text], f.texts[hex.EncodeToString([]byte(c.text))] = len(f.canaries), len(f.canaries)
	f.canaries = append(f.canaries, c)
	return c.text
}

// bytes looks through text or anything that may hold it: as it is, and as hexadecimal digits.
func (f *finder) bytes(place string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.searched[place] += int64(len(data))
	lengths := map[int]bool{}
	for text := range f.texts {
		lengths[len(text)] = true
	}
	for _, b := range beginnings {
		for _, at := range indexes(data, b) {
			for n := range lengths {
				if at+n > len(data) {
					continue
				}
				if i, known := f.texts[string(data[at:at+n])]; known {
					f.hit(place, f.canaries[i])
				}
			}
		}
	}
	if strings.HasPrefix(place, "log ") {
		return
	}
	for _, t := range f.trails {
		t.look(place, data)
	}
}

func (f *finder) hit(place string, c canary) {
	if f.seen[place] == nil {
		f.seen[place] = map[string]int{}
	}
	f.seen[place][c.what]++
}

// Of a message: the length of header and checksum, after which the compressed body begins.
const bodyAt = 98 + 4

// message looks through a message of the stream: its bytes as they travel, its body unfolded
// without the product's reader, and every field that the product's reader finds.
func (f *finder) message(place string, raw []byte) (*wire.Message, error) {
	f.bytes(place, raw)
	if len(raw) < bodyAt {
		return nil, fmt.Errorf("%s: a message of %d bytes", place, len(raw))
	}
	body, err := s2.Decode(nil, raw[bodyAt:])
	if err != nil {
		return nil, fmt.Errorf("%s: a message cannot be unfolded: %w", place, err)
	}
	f.bytes(place, body)
	m, err := wire.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	tables := replica.Up
	if m.Schema == replica.Hash(replica.Down) { // reference data on its way to the province
		tables = replica.Down
	}
	for _, p := range m.Parts {
		for _, c := range p.Changes {
			if err := f.change(place, tables, c); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// change looks for dates, which travel as four bytes of a field.
func (f *finder) change(place string, tables []replica.Table, c wire.Change) error {
	switch c.Op {
	case wire.Insert, wire.Update, wire.Repair:
	default:
		return nil
	}
	if c.Table >= len(tables) {
		return fmt.Errorf("%s: a change of table %d", place, c.Table)
	}
	fields, err := wire.Fields(c.Data, len(tables[c.Table].Columns), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, field := range fields {
		if field[1] != 4 {
			continue
		}
		days := int32(binary.BigEndian.Uint32(c.Data[field[0]:]))
		for _, c := range f.canaries {
			if !c.date.IsZero() && int32(c.date.Sub(epoch)/(24*time.Hour)) == days {
				f.hit(place, c)
			}
		}
	}
	return nil
}

// epoch is day 0 of PostgreSQL's dates.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// files looks through files and all files below directories.
func (f *finder) files(place string, paths ...string) (count int, err error) {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) { // PostgreSQL removes files as it goes
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil {
				return err
			}
			count++
			f.bytes(place, data)
			return nil
		})
		if err != nil {
			return count, err
		}
	}
	return count, nil
}

// leaks lists the unselected canaries that were found somewhere.
func (f *finder) leaks() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, place := range slices.Sorted(maps.Keys(f.seen)) {
		for _, c := range f.canaries {
			if n := f.seen[place][c.what]; n > 0 && !c.selected {
				list = append(list, fmt.Sprintf("%s (%s) is %d times in %s", c.what, c.text, n, place))
			}
		}
	}
	return list
}

// found counts the selected canaries that were found in a place.
func (f *finder) found(place string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.canaries {
		if c.selected {
			n += min(1, f.seen[place][c.what])
		}
	}
	return n
}

// unfound lists the selected canaries that are in none of the places whose names begin so.
func (f *finder) unfound(prefix string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, c := range f.canaries {
		found := !c.selected
		for place, seen := range f.seen {
			found = found || strings.HasPrefix(place, prefix) && seen[c.what] > 0
		}
		if !found {
			list = append(list, c.what)
		}
	}
	return list
}

// unselected counts the canaries that must not be found.
func (f *finder) unselected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.canaries {
		if !c.selected {
			n++
		}
	}
	return n
}

// size says how much was looked through.
func (f *finder) size(prefix string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var n int64
	for place, size := range f.searched {
		if strings.HasPrefix(place, prefix) {
			n += size
		}
	}
	return n
}
