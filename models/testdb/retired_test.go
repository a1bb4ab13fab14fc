package testdb_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// retiredNames are identifiers that had a private meaning, with the name that took their place. Some are common words, so a name is
// retired only in the folders before the colon, and everywhere if there are none. A name with a dot is that of a field or method.
var retiredNames = map[string]string{
	"models: gathering":                 "messageBatcher",
	"models: outgoing":                  "pendingMessage",
	"models: side":                      "storeStatements",
	"models: storeOne":                  "insertOneSQL",
	"models: storeMany":                 "insertBatchSQL",
	"models: line":                      "queueCache",
	"models: crew":                      "staffing",
	"models: look":                      "sweepProbe",
	"models: Glance":                    "Snapshot",
	"models: Head":                      "ChatVersion",
	"models: clean":                     "validateText",
	"models: tellPresence":              "emitPresence",
	"models: judge":                     "idleVerdict",
	"models: hot":                       "cacheStatement",
	"models: Line":                      "DepartmentQueue",
	"models: withRoom":                  "agentsWithCapacity",
	"models: unansweredIn":              "messagesAwaitingReply",
	"models: oneOpening":                "auditReadInterval",
	"models: Desk.Beat":                 "RecordHeartbeat",
	"models: Desk.Glance":               "Snapshot",
	"models: Desk.Unheard":              "UnpublishedCommits",
	"models: Desk.words":                "messageText",
	"models: Desk.unite":                "mergeChats",
	"models: Desk.absorb":               "mergeUser",
	"models: Desk.sayAgain":             "copyMessages",
	"models: Desk.bound":                "queryPrepared",
	"models: Desk.give":                 "assignPlacements",
	"models: Desk.maySpeak":             "checkCanSend",
	"models: Desk.takeAlong":            "reassignChats",
	"models: Desk.handOver":             "withMovableChat",
	"models: tx.room":                   "requestDrain",
	"models: Agent.HasRoom":             "HasCapacity",
	"models: Agent.Choice":              "DesiredPresence",
	"models: Agent.ChoiceAt":            "DesiredPresenceAt",
	"models: Chat.PredictedSeconds":     "EstimatedWaitSeconds",
	"models: Chat.QuietSince":           "IdleSince",
	"models: Chat.LastSaidBy":           "LastSender",
	"models: Chat.AwaitingSince":        "AwaitingReplySince",
	"models: AgentChat.NameIsClaim":     "NameIsUnverified",
	"models: QueueEntry.NameIsClaim":    "NameIsUnverified",
	"models: WhyNobodyHasRoom":          "WhyNoCapacity",
	"models: WhyNobodyOnline":           "WhyNoAgentOnline",
	"models: NobodyOnline":              "NoAgentOnline",
	"models: Overview.Slots":            "Capacity",
	"models: Overview.SlotsUsed":        "Load",
	"models: MinuteSample.Slots":        "Capacity",
	"models: AgentLoad.Quiet":           "Idle",
	"models: Snapshot.Heads":            "Chats",
	"models: Desk.line":                 "queueCache",
	"models: peopleLock":                "rolesLock",
	"models: watchLock":                 "chatReadLock",
	"models: AuditPlace":                "AuditPosition",
	"web/live: InitialState.Place":      "QueueStatus",
	"web/live: Mark":                    "ChatState",
	"web/live: known":                   "trackedChat",
	"web/live: knowledge":               "clientState",
	"web/live: signs":                   "heartbeats",
	"web/live: Present":                 "InitialState",
	"web/live: Served":                  "ServedChat",
	"web/live: House":                   "Supervision",
	"web/live: Watcher":                 "SessionObserver",
	"web/live: Watcher.Unsure":          "Invalidate",
	"web/live: Hub.Saw":                 "RecordActivity",
	"web/live: Hub.Sound":               "Healthy",
	"web/live: explain":                 "mainCause",
	"web/live: closed":                  "peerClosed",
	"web/live: typings":                 "typingThrottle",
	"web/limit: Turns":                  "KeyedMutex",
	"web/limit: Limiter.Take":           "Allow",
	"web/limit: Limiter.Give":           "Refund",
	"web/limit: Limiter.Look":           "Peek",
	"web/limit: Limiter.Note":           "Record",
	"web: Server.speak":                 "language",
	"web: Server.secure":                "securityHeaders",
	"web: Server.observe":               "requestLog",
	"web: bounded":                      "requestLimits",
	"web: counted":                      "instanceMetrics",
	"web: houseMetrics":                 "databaseMetrics",
	"web: route.then":                   "fragment",
	"web: route.begins":                 "createsSession",
	"web: route.bounds":                 "requestLimits",
	"web/kit: Kit.StaffFrame":           "AgentFrame",
	"web/kit: Refuse":                   "StatusError",
	"web/kit: unreadBody":               "bodyReadError",
	"web/auth: recollection":            "callerCache",
	"web/auth: remembered":              "cachedCaller",
	"web/auth: IsWrongProof":            "IsWrongCredential",
	"web/chat: crowd":                   "uploadLimiter",
	"web/chat: uploadLimiter.enter":     "acquire",
	"web/chat: steadyBody":              "idleTimeoutBody",
	"web/chat: peekToken":               "peekCSRFToken",
	"web/widget: frameWriter.greet":     "writeAvailability",
	"web/widget: stands":                "stateChanged",
	"web/widget: visit":                 "embedOptions",
	"web/workbench: Handlers.readBench": "readWorkbench",
	"web/admin: personInput":            "agentInput",
	"web/admin: Handlers.AddPerson":     "AddAgent",
	"web/account: Handlers.guarded":     "limitAttempts",
	"web/account: inGroups":             "groupSecret",
	"views/workbench: Strip":            "QueueSummary",
	"views/workbench: Head":             "ChatHeader",
	"views/workbench: Write":            "ComposerData",
	"views/workbench: Colleague":        "AgentOption",
	"views/workbench: Row.Claimed":      "NameIsUnverified",
	"views/workbench: gap":              "splitText",
	"views/ui: SlotData":                "CapacitySegment",
	"views/ui: Slots":                   "CapacityBar",
	"views/ui: Claimed":                 "Unverified",
	"views/ui: Owed":                    "AwaitingReply",
	"web/workbench: takers":             "transferOptions",
	"web/workbench: frameWriter.news":   "changedParts",
	"views/admin: Person":               "AgentRow",
	"views/admin: Deed":                 "AuditEntry",
	"views/supervisor: Agent.HasRoom":   "HasCapacity",
	"views/supervisor: Waiting.Place":   "Position",
	"views/widget: Queue.Place":         "Position",
}

// retiredWords may not be a word of any declared identifier, as in houseMetrics. Names of tests are sentences and may have them.
var retiredWords = map[string]string{
	"owed":      "awaiting reply",
	"house":     "installation, workbench or board, as it is meant",
	"whoever":   "the role: caller, user, agent",
	"crew":      "staffing",
	"gathering": "batch",
	"foretold":  "estimated",
	"glance":    "snapshot",
	"unheard":   "unpublished",
	"moulds":    "templates",
	"vouched":   "verified",
	"stranger":  "anonymous user",
}

// TestRetiredNamesDoNotReturn fails when the program declares an identifier again that was renamed to the field's term.
func TestRetiredNamesDoNotReturn(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != root && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		for _, d := range declared(file) {
			if use := replacement(filepath.ToSlash(folder), d.name); use != "" {
				t.Errorf("%s declares %s, a retired name: use %s", fset.Position(d.at), d.name, use)
			}
		}
		return nil
	})
	must(t, err)
	if files < 100 {
		t.Fatalf("read %d files only", files)
	}
}

// replacement returns what to use instead of a name declared in this folder, "" for a name that may stay.
func replacement(folder, name string) string {
	if use, ok := retiredNames[folder+": "+name]; ok {
		return use
	}
	for _, word := range camelWords(name[strings.LastIndex(name, ".")+1:]) {
		if use, ok := retiredWords[word]; ok {
			return use
		}
	}
	return ""
}

// declaration is a name that a file declares; of fields and methods with their type before the dot.
type declaration struct {
	name string
	at   token.Pos
}

// declared returns what a file declares at package level, with fields and methods.
func declared(file *ast.File) []declaration {
	var all []declaration
	add := func(prefix string, names ...*ast.Ident) {
		for _, n := range names {
			all = append(all, declaration{prefix + n.Name, n.Pos()})
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			add(receiver(d), d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					add("", s.Names...)
				case *ast.TypeSpec:
					add("", s.Name)
					ast.Inspect(s.Type, func(n ast.Node) bool {
						if f, ok := n.(*ast.Field); ok {
							add(s.Name.Name+".", f.Names...)
						}
						return true
					})
				}
			}
		}
	}
	return all
}

// receiver returns the type of a method with a dot, "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if pointer, ok := t.(*ast.StarExpr); ok {
		t = pointer.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	if named, ok := t.(*ast.Ident); ok {
		return named.Name + "."
	}
	return ""
}

// camelWords splits an identifier into its words in lower case: houseMetrics is house and metrics.
func camelWords(name string) []string {
	var words []string
	var word strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) || !unicode.IsLetter(r) {
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
		}
		if unicode.IsLetter(r) {
			word.WriteRune(unicode.ToLower(r))
		}
	}
	return append(words, word.String())
}

// TestARetiredNameIsFound keeps the test above from passing because it finds nothing.
func TestARetiredNameIsFound(t *testing.T) {
	t.Parallel()
	source := `package x
type Desk struct{ houseRules int }
func (d *Desk) sayAgain() {}
func greenhouse() {}
var line int
`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", source, parser.SkipObjectResolution)
	must(t, err)
	found := map[string]string{}
	for _, d := range declared(file) {
		if use := replacement("models", d.name); use != "" {
			found[d.name] = use
		}
	}
	if len(found) != 3 || found["Desk.sayAgain"] != "copyMessages" || found["line"] != "queueCache" || found["Desk.houseRules"] == "" {
		t.Errorf("found %v", found)
	}
}
