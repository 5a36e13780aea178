package customer

// Grouping is the fact by which the customers of a list are grouped.
type Grouping string

// The groupings.
const (
	GroupClass     Grouping = "class"
	GroupLifecycle Grouping = "lifecycle"
	GroupManager   Grouping = "manager"
	GroupCity      Grouping = "city"
	GroupIndustry  Grouping = "industry"
)

// Group is how many customers of a list have a value.
type Group struct {
	Value     string // a code, or the id of the account manager; empty: in nobody's care
	Customers int
	Manager   string // name of the account manager, where customers are grouped by that
	Unit      string // and of the manager's department
}

// Groups are all customers of a list by one fact, the largest group first.
type Groups struct {
	List  []Group
	Total int // of all groups
	// More says that a text was searched for and that there are more customers than Total, as in Page: these are the
	// groups of the first so many that were found, and a group may be larger, or not among them.
	More bool
}
