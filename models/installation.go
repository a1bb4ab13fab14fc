package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// InstallationKey returns 16 hexadecimal digits that tell this installation from every other one, for names in a Redis that several
// installations share. All processes on one database get the same key. It is made of the random id in the database and of the
// identity of the database itself (the cluster's system identifier and the database's oid), so that a dump that is restored
// elsewhere does not bring the key along. A standby that is promoted keeps it. A physical copy of the whole cluster has the same
// key until it is given another id: UPDATE installation SET id = gen_random_uuid().
func (d *Desk) InstallationKey(ctx context.Context) (string, error) {
	var id, oid, cluster string
	err := d.db.NewRaw(`SELECT i.id::text, d.oid::text FROM installation i, pg_database d WHERE d.datname = current_database()`).Scan(ctx, &id, &oid)
	if err != nil {
		return "", translate(err)
	}
	err = d.db.NewRaw(`SELECT system_identifier::text FROM pg_control_system()`).Scan(ctx, &cluster)
	if err != nil && !isNotOffered(err) {
		return "", translate(err)
	}
	sum := sha256.Sum256([]byte(id + " " + cluster + " " + oid))
	return hex.EncodeToString(sum[:8]), nil
}
