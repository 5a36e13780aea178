package seed

import (
	"fmt"

	"jike/schemas/codes"
)

// unit is a place in the organisation tree (组织机构).
type unit struct {
	id, parent       int64 // parent 0: the root
	kind, code, name string
	path             string
}

// organisation is the tree with the places that customers are assigned to.
type organisation struct {
	units    []unit
	cities   []codes.City
	weights  []int                 // how much of the business each city has
	managers map[codes.City][]unit // account managers (客户经理) by city
	heads    []unit                // departments, for accounts
}

// Staff is the size of the tree: one account manager for so many customers, a department for so many
// managers.
type Staff struct{ CustomersPerManager, ManagersPerDepartment int }

// ordinary is the staff of a province that is shown: few customers for each manager.
var ordinary = Staff{CustomersPerManager: 80, ManagersPerDepartment: 8}

func newOrganisation(seed uint64, province codes.Province, customers int, staffing Staff) *organisation {
	o := &organisation{cities: codes.Cities(province), managers: map[codes.City][]unit{}}
	root := o.add(nil, "province", province.GB()+"0000", province.FullName()+"公司")
	total := 0
	for i := range o.cities {
		// The capital stands first in the standard's order and has the most business.
		o.weights = append(o.weights, 1000/(i+2))
		total += o.weights[i]
	}
	staff := 0
	for i, city := range o.cities {
		branch := o.add(&root, "city", string(city), city.Name()+"分公司")
		managers := max(2, customers*o.weights[i]/total/staffing.CustomersPerManager)
		departments := (managers + staffing.ManagersPerDepartment - 1) / staffing.ManagersPerDepartment
		for n := range departments {
			name := sections[n%len(sections)]
			if n >= len(sections) {
				name += fmt.Sprintf("（%d）", n/len(sections)+1)
			}
			department := o.add(&branch, "department", fmt.Sprintf("%s%03d", city, n+1), city.Short()+name)
			o.heads = append(o.heads, department)
			for m := n; m < managers; m += departments {
				staff++
				d := newDice(seed, "staff", int(province), staff)
				person := o.add(&department, "person", fmt.Sprintf("%s%05d", province, staff), d.person())
				o.managers[city] = append(o.managers[city], person)
			}
		}
	}
	return o
}

func (o *organisation) add(parent *unit, kind, code, name string) unit {
	u := unit{id: int64(len(o.units) + 1), kind: kind, code: code, name: name, path: "/"}
	if parent != nil {
		u.parent, u.path = parent.id, parent.path
	}
	u.path += fmt.Sprintf("%d/", u.id)
	o.units = append(o.units, u)
	return u
}
