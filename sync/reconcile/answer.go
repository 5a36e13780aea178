package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
)

// Operations lists the requests that Answer understands.
func Operations() []string {
	return []string{opOpen, opAwait, opCut, opDigest, opRows, opValues, opRepair, opRelease, opSign}
}

// Answer carries out one request of headquarters. An error's text is meant for headquarters.
func (p *Province) Answer(ctx context.Context, operation string, request []byte) ([]byte, error) {
	switch operation {
	case opOpen:
		return answer(ctx, request, p.open)
	case opAwait:
		return answer(ctx, request, p.await)
	case opCut:
		return answer(ctx, request, p.cut)
	case opDigest:
		return answer(ctx, request, p.digest)
	case opRows:
		return answer(ctx, request, p.rows)
	case opValues:
		return answer(ctx, request, p.values)
	case opRepair:
		return answer(ctx, request, p.repair)
	case opRelease:
		return answer(ctx, request, p.release)
	case opSign:
		return answer(ctx, request, p.countersign)
	}
	return nil, fmt.Errorf("no such request: %s", operation)
}

// answer reads a request, carries it out and writes the reply.
func answer[Request, Reply any](ctx context.Context, raw []byte, do func(context.Context, Request) (Reply, error)) ([]byte, error) {
	var request Request
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	reply, err := do(ctx, request)
	if err != nil {
		return nil, err
	}
	return json.Marshal(reply)
}
