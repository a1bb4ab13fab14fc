package models

import (
	"context"
	"database/sql"
	"fmt"
)

// checkEncoding refuses a database that is not encoded in UTF-8: others cannot store every character, and SQL_ASCII
// stores bytes that are not text. The error explains how to create another database.
func checkEncoding(ctx context.Context, pool *sql.DB) error {
	var encoding, name string
	err := pool.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), current_database()`).Scan(&encoding, &name)
	if err != nil {
		return fmt.Errorf("the encoding of the database cannot be read: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf(
			"the database %q is encoded in %s, but Parley stores text in UTF-8. The encoding of a database cannot be changed. "+
				"Make another one with CREATE DATABASE parley ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0, "+
				"and use that one",
			name,
			encoding,
		)
	}
	return nil
}
