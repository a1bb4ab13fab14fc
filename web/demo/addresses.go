package demo

import (
	"fmt"
	"io"
	"text/tabwriter"

	"parley/models"
)

// PrintAddresses writes where everything is on a Parley that was seeded, and as whom to sign in there.
func PrintAddresses(out io.Writer, url string) {
	fmt.Fprint(out, "\nParley is running. Open these in three browser windows:\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "  Demo site with the widget\t%s/demo\t\n", url)
	for _, face := range []struct {
		name, path string
		role       models.Role
	}{
		{"Workbench", "/workbench", models.RoleAgent},
		{"Supervisor", "/supervisor", models.RoleSupervisor},
		{"Administration", "/admin", models.RoleAdmin},
	} {
		fmt.Fprintf(table, "  %s\t%s%s\t%s\n", face.name, url, face.path, firstOf(face.role).Email)
	}
	_ = table.Flush()
	fmt.Fprintf(out, "\nThe password of each is %s. To see it busy: bin/parley demo --live --url %s\n\n", Password, url)
}

// firstOf is the account to try a role with.
func firstOf(role models.Role) Account {
	for _, a := range accounts {
		if a.Role == role {
			return a
		}
	}
	return Account{}
}
