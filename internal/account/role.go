package account

import "slices"

// Role is a named set of permissions with a reach.
type Role string

// The roles of people, and two that no account can have.
const (
	AccountManager        Role = "account_manager"            // 客户经理: the customers in their care
	DepartmentHead        Role = "department_head"            // 部门主管: the department and what is below it
	ProvinceAdministrator Role = "province_administrator"     // 省管理员: the whole province
	HeadquartersAnalyst   Role = "headquarters_analyst"       // 集团总部: the nation, at the national node
	HeadquartersAdmin     Role = "headquarters_administrator" // 总部管理员: accounts and trail of the national node, no customer
	PartnerSystem         Role = "partner_system"             // a partner's system; which messages it may send is the partner's own list
	SystemTask            Role = "system_task"                // work of the node itself
)

// Roles lists the roles that an account can have.
func Roles() []Role {
	return []Role{AccountManager, DepartmentHead, ProvinceAdministrator, HeadquartersAnalyst, HeadquartersAdmin}
}

// RolesOf lists the roles that an account of a node can have, "province" or "national".
func RolesOf(level string) []Role {
	if level == "national" {
		return []Role{HeadquartersAnalyst, HeadquartersAdmin}
	}
	return []Role{AccountManager, DepartmentHead, ProvinceAdministrator}
}

// Permission is the right to do one kind of thing, such as "customer.read". On which rows is the
// scope's matter.
type Permission string

// The permissions.
const (
	AccountManage     Permission = "account.manage" // accounts and sessions of the node
	AuditRead         Permission = "audit.read"     // the trail of the node, and whether it holds
	OrganisationRead  Permission = "organisation.read"
	OrganisationEdit  Permission = "organisation.edit" // change the tree of units
	CustomerRead      Permission = "customer.read"
	CustomerCreate    Permission = "customer.create"
	CustomerChange    Permission = "customer.change"
	CustomerClassify  Permission = "customer.classify"  // change the class (客户等级)
	CustomerAssign    Permission = "customer.assign"    // change the account manager
	CustomerClaim     Permission = "customer.claim"     // take customers from the pool into care, and return them to it
	DeputyName        Permission = "deputy.name"        // name who stands in for an account manager: for oneself, and for people in reach
	TeamName          Permission = "team.name"          // name who is in the team of a customer in one's charge
	CustomerSensitive Permission = "customer.sensitive" // set or clear the sensitive flag
	CustomerCredit    Permission = "customer.credit"    // decide level and limit of credit (信用等级, 信用额度)
	CustomerMerge     Permission = "customer.merge"     // make one of two customers, and undo it
	ViewPublish       Permission = "view.publish"       // share a view of the customer list with everybody, and tend the shared ones in reach
	AttributeManage   Permission = "attribute.manage"   // define custom attributes of customers
	RosterManage      Permission = "roster.manage"      // make rosters of customers, put customers in and take them out
	RuleManage        Permission = "rule.manage"        // state by which rules customers are judged, and how many one person exports alone
	CustomerImport    Permission = "customer.import"    // create and change customers from a file, and take that back
	CustomerExport    Permission = "customer.export"    // write a list of customers to a file
	ExportApprove     Permission = "export.approve"     // of another person's large export
	ContactChange     Permission = "contact.change"
	ContactPhones     Permission = "contact.phones"  // phone numbers of people at customers in others' care
	ContactPrivate    Permission = "contact.private" // read and write private facts about key persons
	ContactReveal     Permission = "contact.reveal"  // one masked value, for a reason
	ContractChange    Permission = "contract.change"
	InteractionWrite  Permission = "interaction.write" // enter and correct what was said and done with a customer, how it stands and what it wishes
	SubscriptionWrite Permission = "subscription.write"
	BillWrite         Permission = "bill.write"
	MemberWrite       Permission = "member.write"
	JobAdminister     Permission = "job.administer"    // see and end the jobs of others
	JournalRead       Permission = "journal.read"      // exchanges with partners
	SyncRead          Permission = "sync.read"         // state of replication
	SelectionRead     Permission = "selection.read"    // policies of what goes up to headquarters
	SelectionChange   Permission = "selection.change"  // propose, try, pause and cancel one
	SelectionApprove  Permission = "selection.approve" // of another person's proposal
	ReferenceRead     Permission = "reference.read"    // headquarters' reference data, in a province
	ReferenceExtend   Permission = "reference.extend"  // the province's own words on it

	NationRead         Permission = "nation.read"          // board of provinces
	NationCustomerRead Permission = "nation.customer.read" // replicated customers
	ReportRead         Permission = "report.read"
	ReconciliationRead Permission = "reconciliation.read"
	ReconciliationRun  Permission = "reconciliation.run"

	NationReferenceRead   Permission = "nation.reference.read"   // reference data, at headquarters
	NationReferenceChange Permission = "nation.reference.change" // which every province gets
)

// grants is the table of rights: what each role may do, and how far it reaches.
var grants = map[Role]struct {
	reach       Reach
	permissions []Permission
}{
	AccountManager: {ReachOwn, []Permission{
		OrganisationRead, CustomerRead, CustomerCreate, CustomerChange, CustomerImport, CustomerClaim, DeputyName, TeamName,
		ContactChange, ContactPrivate, ContactReveal, ContractChange, InteractionWrite, MemberWrite, ReferenceRead,
	}},
	DepartmentHead: {ReachDepartment, []Permission{
		OrganisationRead, CustomerRead, CustomerCreate, CustomerChange, CustomerClassify, CustomerAssign, CustomerClaim, DeputyName, TeamName, CustomerCredit, CustomerMerge, CustomerImport, CustomerExport, ExportApprove, ViewPublish, RosterManage,
		ContactChange, ContactReveal, ContractChange, InteractionWrite, MemberWrite, ReferenceRead,
	}},
	ProvinceAdministrator: {ReachProvince, []Permission{
		OrganisationRead, CustomerRead, CustomerCreate, CustomerChange, CustomerClassify, CustomerAssign, CustomerClaim, DeputyName, TeamName, CustomerSensitive, CustomerCredit, CustomerMerge, CustomerImport, CustomerExport, ExportApprove, ViewPublish, RosterManage,
		ContactChange, ContactReveal, ContractChange, InteractionWrite, MemberWrite, JobAdminister, JournalRead, SyncRead, SelectionRead, SelectionChange, SelectionApprove,
		ReferenceRead, ReferenceExtend, OrganisationEdit, AccountManage, AttributeManage, RuleManage, AuditRead,
	}},
	HeadquartersAnalyst: {ReachNation, []Permission{
		NationRead, NationCustomerRead, ReportRead, ReconciliationRead, ReconciliationRun,
		NationReferenceRead, NationReferenceChange,
	}},
	HeadquartersAdmin: {ReachNothing, []Permission{AccountManage, AuditRead, NationRead}},
	PartnerSystem: {ReachProvince, []Permission{
		CustomerRead, CustomerCreate, CustomerChange, CustomerClassify, CustomerAssign,
		ContactChange, ContactPhones, SubscriptionWrite, BillWrite, MemberWrite,
	}},
	SystemTask: {ReachProvince, []Permission{
		OrganisationRead, OrganisationEdit, CustomerRead, CustomerCreate, CustomerChange, CustomerClassify, CustomerAssign, CustomerClaim, TeamName, CustomerSensitive, CustomerCredit, CustomerMerge,
		ContactChange, ContactPhones, ContactPrivate, ContractChange, InteractionWrite, SubscriptionWrite, BillWrite, MemberWrite,
		AccountManage, AttributeManage, RosterManage, RuleManage, ReconciliationRead, ReconciliationRun, SelectionRead, SelectionChange, NationReferenceRead, NationReferenceChange,
	}},
}

// May reports whether the role has the permission.
func (r Role) May(p Permission) bool { return p != "" && slices.Contains(grants[r].permissions, p) }

// Permissions lists what the role may do, in alphabetical order.
func (r Role) Permissions() []Permission {
	list := slices.Clone(grants[r].permissions)
	slices.Sort(list)
	return list
}

// reach is how far the role's scope goes.
func (r Role) reach() Reach { return grants[r].reach }

// known reports whether an account can have the role.
func (r Role) known() bool { return slices.Contains(Roles(), r) }
