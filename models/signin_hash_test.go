package models

import (
	"testing"

	"github.com/alexedwards/argon2id"
)

// A cheaper hash would respond sooner and reveal that the account does not exist.
func TestAnUnknownAccountIsComparedAtTheSameCost(t *testing.T) {
	t.Parallel()
	params, _, _, err := argon2id.DecodeHash(unknownAccountHash)
	if err != nil || *params != *passwordParamsOfServers {
		t.Errorf("unknownAccountHash has %+v, %v; passwords have %+v", params, err, passwordParamsOfServers)
	}
}
