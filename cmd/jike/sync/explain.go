package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"jike/province/overview"
)

// explainCmd explains the selection of one customer.
type explainCmd struct {
	provincial
	Customer string `arg:"" help:"Number or id of the customer."`
	JSON     bool   `help:"Print the explanation as JSON."`
}

// Run asks the provincial node and prints what it says.
func (c explainCmd) Run(ctx context.Context) error {
	var v overview.SelectionView
	if err := c.ask(ctx, http.MethodGet, "/selection/explain?customer="+url.QueryEscape(c.Customer), nil, &v); err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(v)
	}
	fmt.Print(explanation(v))
	return nil
}

// explanation is the text for people.
func explanation(v overview.SelectionView) string {
	var b strings.Builder
	is := map[bool]string{true: "national", false: "not national"}
	fmt.Fprintf(&b, "customer %s is %s since %s", v.Number, is[v.National], v.Since.Local().Format(time.DateTime))
	if v.By != nil {
		fmt.Fprintf(&b, ": %s, version %d of the policy, clause %s\n", v.By.Reason, v.By.Version, v.By.Clause)
	} else {
		b.WriteString(": created so\n")
	}
	fmt.Fprintf(&b, "a save now would judge by version %d: %s, clause %s\n", v.Version, is[v.Would], v.Clause)
	if v.InRollout && v.Would != v.National {
		b.WriteString("a rollout is under way and has not reached this customer yet\n")
	}
	for _, f := range v.Findings {
		yes := map[bool]string{true: "yes", false: "no "}[f.Holds]
		fmt.Fprintf(&b, "  %s %-14s", yes, f.Clause)
		switch {
		case f.Clause == "named" || f.Clause == "excluded":
			fmt.Fprintf(&b, "its number or credit code is %son the list\n", map[bool]string{true: "", false: "not "}[f.Holds])
		case f.Clause == "sensitive" || f.Clause == "crossProvince" && len(f.Wanted) > 0:
			fmt.Fprintf(&b, "the customer's flag is %s\n", f.Value)
		case len(f.Wanted) == 0:
			fmt.Fprintf(&b, "not part of the rule; the customer's is %s\n", f.Value)
		default:
			fmt.Fprintf(&b, "%s is %sin %v\n", f.Value, map[bool]string{true: "", false: "not "}[f.Holds], f.Wanted)
		}
	}
	if len(v.Flips) > 0 {
		b.WriteString("history, the newest first:\n")
	}
	for _, f := range v.Flips {
		fmt.Fprintf(&b, "  %s %-7s by version %d, clause %s (%s)\n", f.At.Local().Format(time.DateTime), map[bool]string{true: "entered", false: "left"}[f.Entered], f.Version, f.Clause, f.Reason)
	}
	return b.String()
}
