package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// InstallationKey returns 16 hexadecimal digits that identify this installation, for names in a Redis that several
// installations share. All processes on one database get the same key. It is derived from the random id in the database
// and from the identity of the database itself (the system identifier of the cluster and the oid of the database), so
// that a dump restored elsewhere gets another key. A standby that is promoted keeps it. A physical copy of the whole
// cluster has the same key until it is given another id: UPDATE installation SET id = gen_random_uuid().
func (d *Desk) InstallationKey(ctx context.Context) (string, error) {
	var id, oid, cluster string
	err := d.db.NewRaw(`SELECT i.id::text, d.oid::text FROM installation i, pg_database d
		WHERE d.datname = current_database()`).Scan(ctx, &id, &oid)
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
