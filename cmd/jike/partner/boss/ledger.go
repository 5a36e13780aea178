package boss

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"jike/schemas/codes"
)

// Header is the first line of a ledger: what the messages follow from.
type Header struct {
	Run       string         `json:"run"`
	Seed      uint64         `json:"seed"`
	Province  codes.Province `json:"province"`
	Customers int            `json:"customers"` // slots
	Began     time.Time      `json:"began"`
}

// Op is what a message asks.
type Op string

// The operations.
const (
	Create Op = "create" // group-customer sync 01
	Modify Op = "modify" // 02
	Delete Op = "delete" // 03
	Bill   Op = "bill"   // monthly bill batch of one line
	Query  Op = "query"
)

// Effect is what a message leaves in the province when it is answered 0000: nothing for a query,
// whose Version and Marker are those that the answer must show.
type Effect struct {
	Version   int32  `json:"version,omitempty"`    // of the customer, afterwards
	Class     string `json:"class,omitempty"`      // as stored
	Lifecycle string `json:"lifecycle,omitempty"`  // as stored
	Marker    string `json:"marker,omitempty"`     // transaction id that the customer's address ends in
	Month     string `json:"month,omitempty"`      // of a bill, YYYY-MM
	AmountFen int64  `json:"amount_fen,omitempty"` // of a bill: no other message of the run has it
	PaidFen   int64  `json:"paid_fen,omitempty"`
}

// Exchange is one message with its answer.
type Exchange struct {
	ID     string    `json:"id"`   // TransIDO
	Hash   string    `json:"hash"` // SHA-256 of what the message says
	Op     Op        `json:"op"`
	Number string    `json:"number"` // customer number
	Slot   int       `json:"slot"`
	Step   int       `json:"step"` // from 0, in the slot
	Effect Effect    `json:"effect"`
	Sent   time.Time `json:"sent"`
	Answer `json:"-"`
}

// Answer is how a message was answered. Code is empty as long as it is not.
type Answer struct {
	AnswerTo string    `json:"answer_to"`
	Code     string    `json:"code"`
	Desc     string    `json:"desc,omitempty"` // RspDesc, unless 0000
	Tries    int       `json:"tries"`          // requests of the simulator that was answered
	At       time.Time `json:"at"`
}

// Ledger is what a file says: every message in the order in which it was first sent.
type Ledger struct {
	Header
	Exchanges []Exchange
}

// Unanswered lists the messages without an answer.
func (l *Ledger) Unanswered() []Exchange {
	var list []Exchange
	for _, e := range l.Exchanges {
		if e.Code == "" {
			list = append(list, e)
		}
	}
	return list
}

// record is one line of the file; one of the fields is set.
type record struct {
	Ledger   *Header
	Exchange *Exchange
	Answer   *Answer
}

func (r record) line() ([]byte, error) {
	var v any
	switch {
	case r.Ledger != nil:
		v = r.Ledger
	case r.Exchange != nil:
		v = r.Exchange
	default:
		v = r.Answer
	}
	text, err := json.Marshal(v)
	return append(text, '\n'), err
}

// ReadLedger reads a ledger, also while a simulator writes it. A last line without an end, left by
// a kill, is passed over.
func ReadLedger(file string) (*Ledger, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("boss: %w", err)
	}
	l, _, err := parseLedger(text)
	return l, err
}

// parseLedger also gives how many bytes are whole lines.
func parseLedger(text []byte) (*Ledger, int, error) {
	whole := bytes.LastIndexByte(text, '\n') + 1
	l, at := &Ledger{}, map[string]int{}
	lines := bufio.NewReader(bytes.NewReader(text[:whole]))
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if l.Run == "" && whole > 0 {
				return nil, 0, errors.New("boss: not a ledger: the first line names no run")
			}
			return l, whole, nil
		}
		if n == 1 {
			err = json.Unmarshal(line, &l.Header)
		} else {
			err = l.add(line, at)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("boss: ledger, line %d: %w", n, err)
		}
	}
}

func (l *Ledger) add(line []byte, at map[string]int) error {
	var a Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return err
	}
	if a.AnswerTo == "" {
		var e Exchange
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		at[e.ID] = len(l.Exchanges)
		l.Exchanges = append(l.Exchanges, e)
		return nil
	}
	i, known := at[a.AnswerTo]
	if !known {
		return fmt.Errorf("an answer to %q, which was not sent", a.AnswerTo)
	}
	l.Exchanges[i].Answer = a
	return nil
}

// ledger appends to the file. Records that come at the same time share one fsync.
type ledger struct {
	file  *os.File
	queue chan entry
	ended chan struct{}
}

type entry struct {
	line []byte
	done chan error
}

// openLedger claims the file and reads it; a new one gets a header.
func openLedger(o Options) (*ledger, *Ledger, error) {
	file, err := os.OpenFile(o.Ledger, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("boss: %w", err)
	}
	read, err := claim(file, o)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	l := &ledger{file: file, queue: make(chan entry), ended: make(chan struct{})}
	go l.write()
	if read.Run == "" {
		read.Header = newHeader(o)
		if err := l.append(record{Ledger: &read.Header}); err != nil {
			return nil, nil, errors.Join(err, l.close())
		}
	}
	return l, read, nil
}

func claim(file *os.File, o Options) (*Ledger, error) {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("boss: ledger %s: another simulator holds it", o.Ledger)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("boss: ledger: %w", err)
	}
	read, whole, err := parseLedger(text)
	if err != nil {
		return nil, err
	}
	if h := read.Header; h.Run != "" && (h.Seed != o.Seed || h.Province != o.Province || o.Run != "" && o.Run != h.Run ||
		o.Customers != 0 && o.Customers != h.Customers) {
		return nil, fmt.Errorf("boss: ledger %s was begun for province %s with seed %d, run %s, %d customers",
			o.Ledger, h.Province, h.Seed, h.Run, h.Customers)
	}
	if err := file.Truncate(int64(whole)); err != nil {
		return nil, fmt.Errorf("boss: ledger: %w", err)
	}
	if _, err := file.Seek(int64(whole), io.SeekStart); err != nil {
		return nil, fmt.Errorf("boss: ledger: %w", err)
	}
	return read, nil
}

// append writes a record and returns when it is on disk.
func (l *ledger) append(r record) error {
	line, err := r.line()
	if err != nil {
		return fmt.Errorf("boss: ledger: %w", err)
	}
	e := entry{line, make(chan error, 1)}
	l.queue <- e
	return <-e.done
}

func (l *ledger) write() {
	defer close(l.ended)
	for first := range l.queue {
		batch, text := []entry{first}, first.line
		for more := true; more; {
			select {
			case e, open := <-l.queue:
				if more = open; open {
					batch, text = append(batch, e), append(text, e.line...)
				}
			default:
				more = false
			}
		}
		_, err := l.file.Write(text)
		if err == nil {
			err = l.file.Sync()
		}
		if err != nil {
			err = fmt.Errorf("boss: ledger: %w", err)
		}
		for _, e := range batch {
			e.done <- err
		}
	}
}

func (l *ledger) close() error {
	close(l.queue)
	<-l.ended
	return l.file.Close()
}
