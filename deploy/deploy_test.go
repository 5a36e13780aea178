// Package deploy_test holds the sample configurations to the nodes' own Config structs.
package deploy_test

import (
	"testing"

	"jike/national"
	"jike/province"
)

func TestSampleConfigurationsAreAccepted(t *testing.T) {
	p, err := province.LoadConfig("province.yaml", nil)
	if err != nil {
		t.Error(err)
	}
	if p.Code != 591 || len(p.XML.Partners) != 1 {
		t.Errorf("province.yaml: read %+v", p)
	}
	n, err := national.LoadConfig("national.yaml", nil)
	if err != nil {
		t.Error(err)
	}
	if len(n.Provinces) != 2 {
		t.Errorf("national.yaml: read %+v", n)
	}
}
