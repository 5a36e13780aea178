package world

import (
	"bytes"
	"fmt"
	"os"

	"jike/internal/account"
	"jike/schemas/codes"
)

// Node is one node of a world. Its database URLs are for verifying; whoever uses the system goes by
// Portal and XML.
type Node struct {
	Name         string         // "national" or the province's code
	Code         codes.Province // Headquarters at the national node
	Part         Part
	Config       string   // file
	Data         string   // directory
	LogFiles     []string // of the process, of its PostgreSQL
	Portal       string   // base URL
	XML          string   // URL for partner messages; empty at the national node
	LeafDir      string   // store of the leaf server; empty at the national node
	NationalSeed string   // key file of headquarters in the province's account at the hub; empty unless Separate
	Partner      Partner  // BOSS; empty at the national node
	Accounts     []Account

	OwnerURL, AppURL, SyncURL, SuperuserURL string
}

// Partner is a partner's system that may call a province.
type Partner struct {
	KeyID      string
	SecretFile string
	Domain     string
	Activities []string
}

// Secret reads the key that the partner signs with.
func (p Partner) Secret() ([]byte, error) {
	text, err := os.ReadFile(p.SecretFile)
	return bytes.TrimSpace(text), err
}

// Account is a demo account.
type Account struct {
	Login, Password, Name string
	Role                  account.Role
	UnitID                int64 // of the organisation tree, 0 if none
}

// Account is the node's account of a role. It panics if Fill has made none.
func (n *Node) Account(role account.Role) Account {
	for _, a := range n.Accounts {
		if a.Role == role {
			return a
		}
	}
	panic(fmt.Sprintf("world: no account of role %s at %s", role, n.Name))
}

// Title is the node's name for people, such as "Fujian (591)".
func (n *Node) Title() string {
	if n.Code == codes.Headquarters {
		return n.Code.Name().English
	}
	return fmt.Sprintf("%s (%s)", n.Code.Name().English, n.Code)
}

// command is the command of this binary that runs the node.
func (n *Node) command() string {
	if n.Code == codes.Headquarters {
		return "national"
	}
	return "province"
}
