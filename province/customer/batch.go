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

// SaveWords are the words for why a customer that is there could not be saved, and for the fields that this is about,
// Chinese and English: for files that say what became of many customers.
var SaveWords = map[string][2]string{
	"customer.unknown":              {"客户不存在或不在您的范围内", "the customer does not exist or is outside your scope"},
	"customer.merged":               {"客户已并入另一客户", "the customer was merged into another"},
	"customer.lifecycle.transition": {"生命周期不能这样变化", "the life cycle has no such step"},
	"customer.name.missing":         {"没有名称", "no name"},
	"customer.city.other_province":  {"城市不在本省", "the city is in another province"},
	"customer.postcode.format":      {"邮政编码应为 6 位数字", "a postcode has 6 digits"},
	"customer.licence.incomplete":   {"证件类型和号码应同时填写", "a document has a type and a number"},
	"industry.unknown":              {"不认识的行业", "unknown industry"},
	"lifecycle":                     {"生命周期", "life cycle"},
	"postcode":                      {"邮政编码", "postcode"},
	"city":                          {"城市", "city"},
	"industry":                      {"行业", "industry"},
	"licenceNumber":                 {"证件号码", "document number"},
}
