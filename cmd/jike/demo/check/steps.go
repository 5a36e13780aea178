package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jike/schemas/codes"
)

// speak lets BOSS speak to both provinces in all ways.
func (s *scene) speak(ctx context.Context) (string, error) {
	messages, compared := 0, 0
	for _, at := range s.sites {
		t, err := newTalk(at, fmt.Sprintf("%03d", s.cmd.Seed%1000))
		if err != nil {
			return "", err
		}
		at.talk = t
		m, b, err := talkXML(ctx, t)
		messages, compared = messages+m, compared+b
		if err == nil {
			err = hideXML(ctx, t, s.finder)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", at.node.Title(), err)
		}
		messages += 2
	}
	return fmt.Sprintf("%d messages answered 0000, with characters outside of GB 2312 and of GBK; %d bytes of replies are what iconv makes", messages, compared), nil
}

// edits is how many edits are made in each province.
const edits = 5

// edit changes customers in the provinces' portals and waits to see it in headquarters' portal.
func (s *scene) edit(ctx context.Context) (string, error) {
	var took []time.Duration
	for _, at := range s.sites {
		list, err := at.admin.list(ctx, "class=A1,A2,B1,B2&national=true&lifecycle=active")
		if err != nil {
			return "", err
		}
		for range edits {
			c, err := get[record](ctx, at.admin, fmt.Sprintf("/api/customers/%d", list[s.dice.IntN(len(list))].id()))
			if err != nil {
				return "", err
			}
			address := fmt.Sprintf("%s城东路%d号", codes.Cities(at.node.Code)[0].Name(), s.dice.IntN(1_000_000))
			saved, err := at.admin.change(ctx, c, "address", address)
			if err != nil {
				return "", err
			}
			began := time.Now()
			seen, err := s.await(ctx, at, saved.id(), func(f file) bool { return f.Customer != nil && f.Customer.version() >= saved.version() })
			if err != nil {
				return "", err
			}
			took = append(took, time.Since(began))
			for _, field := range []string{"number", "name", "class", "address", "version"} {
				if seen.Customer[field] != saved[field] {
					return "", fmt.Errorf("%s of customer %d of %s is %v at headquarters, not %v", field, saved.id(), at.node.Title(), seen.Customer[field], saved[field])
				}
			}
		}
	}
	slices.Sort(took)
	return fmt.Sprintf("%d edits; from the answer in the province to headquarters' JSON: median %d ms, longest %d ms",
		len(took), took[len(took)/2].Milliseconds(), took[len(took)-1].Milliseconds()), nil
}

// list gives the customers of one page of the province's list.
func (b *browser) list(ctx context.Context, filter string) ([]record, error) {
	page, err := get[struct{ Items []record }](ctx, b, "/api/customers?size=100&"+filter)
	if err == nil && len(page.Items) == 0 {
		err = fmt.Errorf("no customers with %s", filter)
	}
	return page.Items, err
}

// await reads a customer of a province in headquarters' portal until it is as it must be; one that
// is not there is the zero file.
func (s *scene) await(ctx context.Context, at *site, id int64, as func(file) bool) (f file, err error) {
	what := fmt.Sprintf("customer %d of %s at headquarters as it must be", id, at.node.Title())
	err = until(ctx, 20*time.Second, what, func(ctx context.Context) (bool, error) {
		f, err = get[file](ctx, s.analyst, fmt.Sprintf("/api/customers/%d/%d", int(at.node.Code), id))
		if notFound(err) {
			f, err = file{}, nil
		}
		return err == nil && as(f), err
	})
	return f, err
}

// cross raises a customer and lowers one, in each province, and then hides canaries in such as do
// the same.
func (s *scene) cross(ctx context.Context) (string, error) {
	proof := ""
	for _, at := range s.sites {
		up, err := s.raise(ctx, at)
		if err != nil {
			return "", fmt.Errorf("raising: %w", err)
		}
		down, err := s.lower(ctx, at)
		if err != nil {
			return "", fmt.Errorf("lowering: %w", err)
		}
		proof += fmt.Sprintf("%s: %s arrived, %s left; ", at.node.Name, up, down)
		if err := hide(ctx, at, s.finder); err != nil {
			return "", err
		}
	}
	return proof + fmt.Sprintf("%d canaries are out", s.finder.unselected()), nil
}

// raise gives a class C customer with a whole family the class A2.
func (s *scene) raise(ctx context.Context, at *site) (string, error) {
	list, err := at.admin.list(ctx, "class=C&national=false&lifecycle=active")
	if err != nil {
		return "", err
	}
	for _, r := range list {
		f, err := get[file](ctx, at.admin, fmt.Sprintf("/api/customers/%d/overview", r.id()))
		if err != nil {
			return "", err
		}
		if n := f.sizes(); f.Customer["sensitive"] == true || slices.Min(n[:]) == 0 {
			continue
		}
		if _, err := at.admin.change(ctx, f.Customer, "class", "A2"); err != nil {
			return "", err
		}
		seen, err := s.await(ctx, at, r.id(), func(seen file) bool { return seen.Customer != nil })
		if err != nil {
			return "", err
		}
		if seen.sizes() != f.sizes() {
			return "", fmt.Errorf("customer %d of %s has the family %v, at headquarters %v", r.id(), at.node.Title(), f.sizes(), seen.sizes())
		}
		return familyOf(f), nil
	}
	return "", fmt.Errorf("no customer of class C at %s has a whole family", at.node.Title())
}

func familyOf(f file) string {
	n := f.sizes()
	return fmt.Sprintf("1 customer with %d contacts, %d contracts, %d subscriptions, %d bills", n[0], n[1], n[2], n[3])
}

// lower gives a customer of class A or B the class D.
func (s *scene) lower(ctx context.Context, at *site) (string, error) {
	list, err := at.admin.list(ctx, "class=A1,A2,B1,B2&national=true&lifecycle=active")
	if err != nil {
		return "", err
	}
	for _, r := range list {
		path := fmt.Sprintf("/api/customers/%d/%d", int(at.node.Code), r.id())
		f, err := get[file](ctx, s.analyst, path)
		if err != nil {
			return "", err
		}
		if n := f.sizes(); r["crossProvince"] == true || slices.Min(n[:]) == 0 {
			continue
		}
		c, err := get[record](ctx, at.admin, fmt.Sprintf("/api/customers/%d", r.id()))
		if err != nil {
			return "", err
		}
		if _, err := at.admin.change(ctx, c, "class", "D"); err != nil {
			return "", err
		}
		if _, err := s.await(ctx, at, r.id(), func(seen file) bool { return seen.Customer == nil }); err != nil {
			return "", err
		}
		left, err := one[int](ctx, s.headquarters, `SELECT (SELECT count(*) FROM crm.contact WHERE province = $1 AND customer_id = $2)
			+ (SELECT count(*) FROM crm.contract WHERE province = $1 AND customer_id = $2)
			+ (SELECT count(*) FROM crm.subscription WHERE province = $1 AND customer_id = $2)
			+ (SELECT count(*) FROM crm.bill WHERE province = $1 AND customer_id = $2)`, int16(at.node.Code), r.id())
		if err != nil {
			return "", err
		}
		if left > 0 {
			return "", fmt.Errorf("%d rows of the family of customer %d of %s are still at headquarters", left, r.id(), at.node.Title())
		}
		return familyOf(f), nil
	}
	return "", errors.New("no selected customer has a whole family")
}
