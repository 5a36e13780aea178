package fault_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"testing"

	"jike/internal/fault"
)

func TestEveryKindHasItsLineInTheTable(t *testing.T) {
	code := regexp.MustCompile(`^\d{4}$`)
	names := map[string]bool{}
	for _, k := range fault.Kinds() {
		if k.String() == "" || names[k.String()] {
			t.Errorf("kind %d: name %q is empty or used twice", k, k)
		}
		names[k.String()] = true
		if k.HTTPStatus() < 400 || k.HTTPStatus() > 599 || !code.MatchString(k.ResponseCode()) {
			t.Errorf("%s: status %d, response code %q", k, k.HTTPStatus(), k.ResponseCode())
		}
	}
}

func TestKindSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("save: %w", fault.Wrap(fault.Conflict, "customer.version.conflict", io.EOF, "version", 3))
	if !fault.Is(err, fault.Conflict) || !errors.Is(err, io.EOF) {
		t.Fatalf("kind %s, cause lost: %v", fault.KindOf(err), err)
	}
	if got := fault.KindOf(io.EOF); got != fault.Internal {
		t.Fatalf("an error without a kind is %s, want internal", got)
	}
	if want := "save: conflict: customer.version.conflict version=3: EOF"; err.Error() != want {
		t.Fatalf("got %q, want %q", err, want)
	}
}

func TestASaveThatCameTooLateIsAConflictWithTheCurrentRecord(t *testing.T) {
	err := fmt.Errorf("save: %w", fault.Stale("customer.version.conflict", 3, "now"))
	stale, ok := errors.AsType[*fault.StaleError[string]](err)
	if !ok || stale.Current != "now" || !fault.Is(err, fault.Conflict) {
		t.Errorf("%v is %s", err, fault.KindOf(err))
	}
	if want := "save: conflict: customer.version.conflict version=3"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestADayIsADayOfTheCalendar(t *testing.T) {
	if day, err := fault.OptionalDay("until", "2028-02-29"); err != nil || day.Month() != 2 || day.Day() != 29 {
		t.Errorf("%v, %v", day, err)
	}
	if day, err := fault.OptionalDay("until", ""); err != nil || day != nil {
		t.Errorf("no day is %v, %v", day, err)
	}
	for _, text := range []string{"", "2026-02-29", "2026-2-1", "20260201", "2026-02-01T00:00:00Z"} {
		if _, err := fault.Day("until", text); !fault.Is(err, fault.Format) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
