package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"jike/internal/control"
	"jike/province"
	"jike/province/selection"
)

// policyCmd is about the versions of the selection policy. Approving one is a person's in the
// portal, and another one's than the author's.
type policyCmd struct {
	List    listCmd         `cmd:"" help:"List the versions, the newest first."`
	Show    showCmd         `cmd:"" help:"Show a version with its dry run and its rollout."`
	Propose proposeCmd      `cmd:"" help:"Propose a version from a JSON file."`
	Try     tryCmd          `cmd:"" help:"Dry run: count what a version would move."`
	Pause   pausePolicyCmd  `cmd:"" help:"Stop the batches of the rollout."`
	Resume  resumePolicyCmd `cmd:"" help:"Let the batches go on."`
	Cancel  cancelCmd       `cmd:"" help:"Give up a version; one that is applying goes back."`
	Prove   proveCmd        `cmd:"" help:"Count the customers whose flag is not what the version in force says."`
}

// provincial is what every verb about a province's node needs.
type provincial struct {
	Config string `required:"" type:"existingfile" help:"The provincial node's configuration."`
}

// ask sends a command to the running node and reads its answer.
func (p provincial) ask(ctx context.Context, method, path string, body io.Reader, answer any) error {
	config, err := province.LoadConfig(p.Config, os.Environ())
	if err != nil {
		return err
	}
	response, err := control.Ask(ctx, config.Data, method, path, "", body)
	if refusal, ok := errors.AsType[*control.Refusal](err); ok {
		return fmt.Errorf("the provincial node refuses: %w", refusal)
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	return json.NewDecoder(response.Body).Decode(answer)
}

// one is a verb about one version.
type one struct {
	provincial
	Version int32 `arg:"" help:"Number of the version."`
}

func (o one) run(ctx context.Context, method, verb string) error {
	var v selection.Version
	if err := o.ask(ctx, method, fmt.Sprintf("/selection/policies/%d%s", o.Version, verb), nil, &v); err != nil {
		return err
	}
	return tellVersion(v)
}

type (
	showCmd         struct{ one }
	tryCmd          struct{ one }
	pausePolicyCmd  struct{ one }
	resumePolicyCmd struct{ one }
	cancelCmd       struct{ one }
)

// Run prints the version.
func (c showCmd) Run(ctx context.Context) error { return c.run(ctx, http.MethodGet, "") }

// Run prints the version with what was counted.
func (c tryCmd) Run(ctx context.Context) error { return c.run(ctx, http.MethodPost, "/try") }

// Run prints the version as it is then.
func (c pausePolicyCmd) Run(ctx context.Context) error { return c.run(ctx, http.MethodPost, "/pause") }

// Run prints the version as it is then.
func (c resumePolicyCmd) Run(ctx context.Context) error {
	return c.run(ctx, http.MethodPost, "/resume")
}

// Run prints the version as it is then.
func (c cancelCmd) Run(ctx context.Context) error { return c.run(ctx, http.MethodPost, "/cancel") }

type listCmd struct{ provincial }

// Run prints a line for every version.
func (c listCmd) Run(ctx context.Context) error {
	var list []selection.Version
	if err := c.ask(ctx, http.MethodGet, "/selection/policies", nil, &list); err != nil {
		return err
	}
	for _, v := range list {
		fmt.Printf("%4d  %-10s  %-12s  by %s, approved by %s  %s%s\n", v.Version, v.State, v.Origin, known(v.Author), known(v.Approver), v.Note, advance(v))
	}
	return nil
}

type proposeCmd struct {
	provincial
	File string `arg:"" type:"existingfile" help:"JSON with rule (classes, crossProvince, industries, cities, named, excluded), effectiveAt and note."`
}

// Run sends the proposal and prints the new version.
func (c proposeCmd) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var v selection.Version
	if err := c.ask(ctx, http.MethodPost, "/selection/policies", bytes.NewReader(text), &v); err != nil {
		return err
	}
	return tellVersion(v)
}

type proveCmd struct{ provincial }

// Run prints the count, and fails unless it is 0.
func (c proveCmd) Run(ctx context.Context) error {
	var p selection.Proof
	if err := c.ask(ctx, http.MethodGet, "/selection/proof", nil, &p); err != nil {
		return err
	}
	fmt.Printf("%s: of %d customers, %d are not as version %d says\n", p.At.Local().Format(time.DateTime), p.Customers, p.Wrong, p.Version)
	if p.Wrong > 0 {
		return errors.New("somebody wrote customer.national past the policy")
	}
	return nil
}

// tellVersion prints a version with its rule, dry run and rollout.
func tellVersion(v selection.Version) error {
	rule, err := json.Marshal(v.Rule)
	if err != nil {
		return err
	}
	fmt.Printf("version %d: %s, from %s, by %s, approved by %s%s\nrule %s\n", v.Version, v.State, v.Origin, known(v.Author), known(v.Approver), advance(v), rule)
	if v.Note != "" {
		fmt.Println("note", v.Note)
	}
	if v.EffectiveAt != nil {
		fmt.Println("effective", v.EffectiveAt.Local().Format(time.DateTime))
	}
	if t := v.Trial; t != nil {
		fmt.Printf("dry run of %s: %d customers enter, %d leave, %d stay; about %d bytes travel\n",
			t.At.Local().Format(time.DateTime), t.Customers.Enter, t.Customers.Leave, t.Stay, t.Bytes)
		for _, r := range t.Rows {
			fmt.Printf("  %-20s %10d enter %10d leave\n", r.Table, r.Enter, r.Leave)
		}
		for _, c := range t.Cells {
			fmt.Printf("  class %-2s city %-11s %8d enter %10d leave\n", c.Class, c.City, c.Enter, c.Leave)
		}
	}
	return nil
}

// advance says how far a rollout is.
func advance(v selection.Version) string {
	r := v.Rollout
	if r == nil {
		return ""
	}
	text := fmt.Sprintf(" (%d customers gone over of %d, %d entered, %d left", r.Judged, r.Total, r.Entered, r.Left)
	if r.Paused {
		text += ", paused"
	}
	if r.Trouble != "" {
		text += ", " + r.Trouble
	}
	return text + ")"
}

// known is the text, or a dash for none.
func known(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
