package customer

// Key is the fact by which the customers of a list are recognised.
type Key string

// The keys.
const (
	ByNumber     Key = "number"
	ByCreditCode Key = "creditCode"
	ByName       Key = "name" // to the letter
)

// Asked is one customer of a batch with the facts that it is to have.
type Asked struct {
	Before Customer // as Match found it; without ID: a new one
	Facts  Facts
	// Grounds are why a rule moves the customer in the life cycle, a JSON document for its history; nil: no rule does.
	Grounds []byte
	// ClassReason is why the class is another one; it may be empty.
	ClassReason string
}

// Saved is what became of one Asked, or would become of it.
type Saved struct {
	ID      int64
	Number  string
	Version int32
	Created bool
	Changed bool  // neither created nor changed: it was so already
	Err     error // faults; nothing of it was written
	// Near-equal customers of a new customer or a new name: the numbers of those that the caller may see, how
	// many he may not, and which of the batch itself (indexes).
	Alike  []string
	Hidden int
	Fellow []int
}

// NearEqual is how many near-equal customers there are.
func (s Saved) NearEqual() int { return len(s.Alike) + s.Hidden + len(s.Fellow) }

// How says how a batch is saved.
type How struct {
	Dry bool // nothing is written: what would become of it
	// Distinct refuses what has near-equal customers. Without it they are accepted: whoever saves a batch has
	// seen the dry run.
	Distinct bool
	// restoring puts back what was there before: see Restore.
	restoring bool
}
