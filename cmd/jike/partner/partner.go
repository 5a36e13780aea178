// Package partner is the command `jike partner`: being a partner's system. It sends one message
// from a file, or simulates BOSS with steady traffic whose effects can be checked (package boss).
package partner

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"jike/schemas/codes"
	"jike/xmlapi/client"
)

// Cmd groups the partner's commands.
type Cmd struct {
	Send         Send         `cmd:"" help:"Send a message document and print the reply; fails unless it is answered 0000."`
	SimulateBoss SimulateBoss `cmd:"" name:"simulate-boss" help:"Be a BOSS that sends records, bills and queries and keeps a ledger of the answers."`
}

// node is how a partner reaches a node.
type node struct {
	URL        string `required:"" help:"Address of the node's partner side, such as http://127.0.0.1:9591/interboss."`
	KeyID      string `name:"key-id" required:"" help:"Key that the node knows us by."`
	SecretFile string `required:"" type:"existingfile" help:"File with the secret of the key."`
	Province   int16  `default:"591" help:"Carrier code of the province that messages go to."`
}

func (n node) secret() ([]byte, error) {
	secret, err := os.ReadFile(n.SecretFile)
	if err != nil {
		return nil, err
	}
	if secret = bytes.TrimSpace(secret); len(secret) == 0 {
		return nil, fmt.Errorf("%s holds no secret", n.SecretFile)
	}
	return secret, nil
}

func (n node) province() (codes.Province, error) {
	p := codes.Province(n.Province)
	if !p.Known() {
		return 0, fmt.Errorf("%s is not a province", p)
	}
	return p, nil
}

func (n node) client() (client.Client, error) {
	secret, err := n.secret()
	return client.Client{URL: n.URL, KeyID: n.KeyID, Secret: secret}, err
}

// errRefused ends the command when a message was answered with another code than 0000.
var errRefused = errors.New("the message was refused")
