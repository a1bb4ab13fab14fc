package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"parley/jobs/cli"
)

// stopMargin is what a process may take to stop besides DRAIN_DELAY and SHUTDOWN_TIMEOUT, as the documents promise.
const stopMargin = 5 * time.Second

// kubernetesObject has the fields of the objects of docs/deploy/kubernetes that the test compares with one another.
type kubernetesObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string
	Metadata   struct{ Namespace string }
	Data       map[string]string
	StringData map[string]string `json:"stringData"`
	Spec       struct {
		Selector json.RawMessage
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     podSpec
		}
	}
	source json.RawMessage
}

type podSpec struct {
	TerminationGracePeriodSeconds int `json:"terminationGracePeriodSeconds"`
	SecurityContext               struct {
		RunAsNonRoot   bool `json:"runAsNonRoot"`
		RunAsUser      int  `json:"runAsUser"`
		SeccompProfile struct {
			Type string
		} `json:"seccompProfile"`
	} `json:"securityContext"`
	Containers []struct {
		Args    []string
		EnvFrom []struct {
			ConfigMapRef, SecretRef struct{ Name string }
		} `json:"envFrom"`
		StartupProbe, LivenessProbe, ReadinessProbe struct {
			HTTPGet struct{ Path, Port string } `json:"httpGet"`
		}
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `json:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `json:"securityContext"`
	}
}

// selected returns the labels that the object selects.
func (o kubernetesObject) selected(t *testing.T) map[string]string {
	t.Helper()
	if o.Kind == "Service" {
		return decoded[map[string]string](t, o.Spec.Selector)
	}
	return decoded[struct {
		MatchLabels map[string]string `json:"matchLabels"`
	}](t, o.Spec.Selector).MatchLabels
}

func decoded[T any](t *testing.T, raw []byte) (value T) {
	t.Helper()
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func kubernetesObjects(t *testing.T) []kubernetesObject {
	t.Helper()
	paths, err := filepath.Glob("docs/deploy/kubernetes/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no objects: %v", err)
	}
	var objects []kubernetesObject
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for documents := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var fields map[string]any
			if err := documents.Decode(&fields); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			raw, err := json.MarshalIndent(fields, "", "  ")
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			o := decoded[kubernetesObject](t, raw)
			o.source = raw
			objects = append(objects, o)
		}
	}
	return objects
}

// TestTheKubernetesExampleHasTheFieldsOfKubernetes lets the TypeScript compiler compare the objects with the types of the Kubernetes API. It
// finds unknown fields, wrong types and values, and required fields that are missing.
func TestTheKubernetesExampleHasTheFieldsOfKubernetes(t *testing.T) {
	t.Parallel()
	var program strings.Builder
	for i, o := range kubernetesObjects(t) {
		group := o.APIVersion
		if group == "v1" {
			group = "core/v1"
		}
		group = strings.ReplaceAll(group, ".k8s.io/", "/")
		fmt.Fprintf(&program, "export const object%d: import(\"kubernetes-types/%s\").%s = %s;\n", i, group, o.Kind, o.source)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "objects.ts"), []byte(program.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs("tools/openapi/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "kubernetes-types")); err != nil {
		t.Fatalf("%v: `make openapi-tools` installs the packages", err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), "node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck",
		"--module", "esnext", "--moduleResolution", "bundler", "objects.ts")
	check.Dir = folder
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTheKubernetesExampleFits compares the objects with one another, with the settings and with the command line, and with what the
// profile "restricted" of Kubernetes asks for.
func TestTheKubernetesExampleFits(t *testing.T) {
	t.Parallel()
	objects := kubernetesObjects(t)
	known := map[string]bool{}
	for _, v := range append(cli.ProcessVariables(), cli.RuleVariables()...) {
		known[v.Name] = true
	}
	settings := map[string]string{}
	kinds := map[string]int{}
	var labels []map[string]string // of the pods
	for _, o := range objects {
		kinds[o.Kind]++
		if o.Kind != "Namespace" && o.Metadata.Namespace != "parley" {
			t.Errorf("a %s is in the namespace %q", o.Kind, o.Metadata.Namespace)
		}
		maps.Copy(settings, o.Data)
		maps.Copy(settings, o.StringData)
		labels = append(labels, o.Spec.Template.Metadata.Labels)
	}
	for name := range settings {
		if !known[name] {
			t.Errorf("%s is no setting", name)
		}
	}
	for kind, want := range map[string]int{"Deployment": 2, "Job": 1, "PodDisruptionBudget": 1, "Service": 1, "ConfigMap": 1, "Secret": 1} {
		if kinds[kind] != want {
			t.Errorf("there are %d objects of the kind %s, want %d", kinds[kind], kind, want)
		}
	}
	stops := stopMargin
	for _, name := range []string{"DRAIN_DELAY", "SHUTDOWN_TIMEOUT"} {
		d, err := time.ParseDuration(settings[name])
		if err != nil {
			t.Error(err)
		}
		stops += d
	}
	for _, o := range objects {
		if o.Spec.Selector != nil {
			wanted := o.selected(t)
			found := slices.IndexFunc(labels, func(have map[string]string) bool { return len(wanted) > 0 && contains(have, wanted) })
			if found < 0 || o.Kind == "Deployment" && !contains(o.Spec.Template.Metadata.Labels, wanted) {
				t.Errorf("a %s selects no pod: %v", o.Kind, wanted)
			}
		}
		if o.Kind != "Deployment" && o.Kind != "Job" {
			continue
		}
		pod := o.Spec.Template.Spec
		if s := pod.SecurityContext; !s.RunAsNonRoot || s.RunAsUser == 0 || s.SeccompProfile.Type != "RuntimeDefault" ||
			len(pod.Containers) != 1 {
			t.Errorf("a %s has %+v", o.Kind, pod)
		}
		if grace := time.Duration(pod.TerminationGracePeriodSeconds) * time.Second; o.Kind == "Deployment" && grace < stops {
			t.Errorf("a pod is killed after %s and may take %s to stop", grace, stops)
		}
		for _, c := range pod.Containers {
			if s := c.SecurityContext; s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem ||
				!slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
				t.Errorf("a container has %+v", s)
			}
			if _, _, err := cli.Parse(c.Args, io.Discard, io.Discard); err != nil {
				t.Errorf("parley %v: %v", c.Args, err)
			}
			if len(c.EnvFrom) != 2 || c.EnvFrom[0].ConfigMapRef.Name != "parley" || c.EnvFrom[1].SecretRef.Name != "parley" {
				t.Errorf("a container has the settings %+v", c.EnvFrom)
			}
			if probes := c.StartupProbe.HTTPGet.Path + c.LivenessProbe.HTTPGet.Path + c.ReadinessProbe.HTTPGet.Path; o.Kind == "Deployment" &&
				probes != "/healthz/healthz/readyz" {
				t.Errorf("the probes ask %s", probes)
			}
		}
	}
}

func contains(have, wanted map[string]string) bool {
	for name, value := range wanted {
		if have[name] != value {
			return false
		}
	}
	return true
}

const unit = "docs/deploy/parley.service"

var stopTimeout = regexp.MustCompile(`(?m)^TimeoutStopSec=(.*)$`)

// TestTheUnitWaitsForTheLongestStop checks that systemd kills no process that stops as its settings say.
func TestTheUnitWaitsForTheLongestStop(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	found := stopTimeout.FindSubmatch(text)
	if found == nil {
		t.Fatal("the unit has no TimeoutStopSec")
	}
	waits, err := time.ParseDuration(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	environment, err := cli.ReadEnvironment(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The longest that the settings accept.
	longest := 5 * time.Minute
	if _, err := cli.ReadEnvironment([]string{"DRAIN_DELAY=" + longest.String()}); err != nil {
		t.Error(err)
	}
	if _, err := cli.ReadEnvironment([]string{"DRAIN_DELAY=" + (longest + time.Second).String()}); err == nil {
		t.Errorf("DRAIN_DELAY may be longer than %s", longest)
	}
	if needed := longest + environment.ShutdownTimeout + stopMargin; waits < needed {
		t.Errorf("systemd waits %s, the program may take %s", waits, needed)
	}
}

// TestTheUnitIsValid lets systemd read the unit, where it is installed, and rate what the unit permits.
func TestTheUnitIsValid(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	// It looks for the program.
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "parley.service")
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte("/usr/bin/parley"), []byte(program)), 0o600); err != nil {
		t.Fatal(err)
	}
	// It has exit code 0 for unknown options.
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	// 0 is nothing at all, 100 everything.
	out, err = exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", path).
		CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
