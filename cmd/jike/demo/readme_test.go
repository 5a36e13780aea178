package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jike/internal/bus/bustest"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
)

const root = "../../.."

// command is one command of the README, with the number of its line.
type command struct {
	line    int
	section string // the heading above it
	text    string
}

// commands reads what stands in the README's blocks of shell commands.
func commands(t *testing.T) []command {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []command
	section, inside, whole := "", false, ""
	for i, line := range strings.Split(string(content), "\n") {
		switch {
		case line == "```sh":
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case !inside && strings.HasPrefix(line, "## "):
			section = strings.TrimPrefix(line, "## ")
		case inside && strings.HasSuffix(line, `\`):
			whole += strings.TrimSuffix(line, `\`)
		case inside:
			whole = strings.TrimSpace(whole + line)
			if whole != "" && !strings.HasPrefix(whole, "#") {
				all = append(all, command{i + 1, section, whole})
			}
			whole = ""
		}
	}
	if len(all) < 10 {
		t.Fatalf("only %d commands found in the README", len(all))
	}
	return all
}

// desk is a directory that looks like a checkout after `make build` to the README's commands, and
// like a machine to those that install.
type desk struct {
	t       *testing.T
	dir     string
	demo    *process
	cluster *pg.Cluster
	nodes   []*process
	machine *strings.Replacer // what stands for the machine's places and ports
}

// TestCommandsOfTheREADME runs every command of the README in the order in which they stand there.
// Where a command belongs to a machine (an account of the system, systemd), the test does what the
// machine would do with our files.
func TestCommandsOfTheREADME(t *testing.T) {
	d := newDesk(t)
	for _, c := range commands(t) {
		t.Run(fmt.Sprintf("line %d", c.line), func(t *testing.T) {
			d.t = t
			t.Logf("%s", c.text)
			d.run(c)
		})
		if t.Failed() {
			return // the next ones build on it
		}
	}
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: pgtest.Dir(t)}
	for _, dir := range []string{"bin", "machine/bin", "machine/etc", "machine/systemd", "machine/lib"} {
		if err := os.MkdirAll(filepath.Join(d.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(d.dir, "bin", "jike"), "jike/cmd/jike")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	source, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(source, "schemas"), filepath.Join(d.dir, "schemas")); err != nil {
		t.Fatal(err)
	}
	d.machine = strings.NewReplacer(
		"sudo -u jike ", "", "sudo ", "", "-o jike ", "", "--customers 20000", "--customers 150",
		"/usr/local/bin", d.dir+"/machine/bin", "/etc/jike", d.dir+"/machine/etc", "/etc/systemd/system", d.dir+"/machine/systemd",
		"/var/lib/jike", d.dir+"/machine/lib", "127.0.0.1:8000", bustest.FreeAddress(t), "127.0.0.1:8591", bustest.FreeAddress(t),
		"127.0.0.1:9591", bustest.FreeAddress(t), "127.0.0.1:7422", bustest.FreeAddress(t),
	)
	d.copyDeploy(source)
	t.Cleanup(func() {
		d.t = t // that of the last command has ended
		d.close()
	})
	return d
}

// copyDeploy copies the files that are installed, with this machine's places and ports in them.
func (d *desk) copyDeploy(source string) {
	d.t.Helper()
	if err := os.CopyFS(filepath.Join(d.dir, "deploy"), os.DirFS(filepath.Join(source, "deploy"))); err != nil {
		d.t.Fatal(err)
	}
	for _, pattern := range []string{"*.yaml", "*.service"} {
		files, err := filepath.Glob(filepath.Join(d.dir, "deploy", pattern))
		if err != nil {
			d.t.Fatal(err)
		}
		for _, file := range files {
			d.edit(file, d.machine.Replace)
		}
	}
}

func (d *desk) edit(file string, change func(string) string) {
	d.t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(change(string(content))), 0o644)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) close() {
	if d.demo != nil {
		defer func() {
			if !strings.Contains(d.demo.text(), "everything has ended") {
				d.t.Errorf("after Ctrl-C:\n%s", d.demo.text())
			}
		}()
	}
	for _, p := range append(d.nodes, d.demo) {
		if p != nil {
			p.end()
		}
	}
	if d.cluster != nil {
		_ = d.cluster.Stop(context.Background()) // the test is over
	}
}

var (
	makes     = regexp.MustCompile(`^make ([a-z-]+)( .*)?$`)
	enables   = regexp.MustCompile(`^sudo systemctl (?:enable --now|restart) (.+)$`)
	publicKey = regexp.MustCompile(`\bU[A-Z2-7]{55}\b`)
)

// run runs a command and fails the test if it fails.
func (d *desk) run(c command) {
	switch m := enables.FindStringSubmatch(c.text); {
	case c.text == "make demo":
		d.target("demo", "bin/jike demo")
		d.startDemo()
	case makes.MatchString(c.text):
		d.target(makes.FindStringSubmatch(c.text)[1], "")
	case strings.HasPrefix(c.text, "sudo useradd "):
		d.account(c.text)
	case m != nil:
		for unit := range strings.FieldsSeq(m[1]) {
			d.startUnit(unit)
		}
	case strings.HasPrefix(c.text, "psql "):
		d.psql(c.text)
	case strings.HasPrefix(c.section, "Running it for real"):
		out := d.shell(d.machine.Replace(c.text))
		if strings.Contains(c.text, "admin key") {
			d.writeKey(c.text, publicKey.FindString(out))
		}
	default:
		d.shell(d.demoPorts(c.text))
	}
}

// shell gives the command to the shell.
func (d *desk) shell(text string, environ ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", text)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "PATH="+d.dir+"/machine/bin:"+os.Getenv("PATH"), "PASSWORD=A-long-Passw0rd")
	cmd.Env = append(cmd.Env, environ...)
	out, err := cmd.CombinedOutput()
	d.t.Logf("%s", out)
	if err != nil {
		d.t.Fatalf("%s: %v", text, err)
	}
	return string(out)
}

// target asks make what it would do: making is what these tests themselves are part of.
func (d *desk) target(name, does string) {
	d.t.Helper()
	cmd := exec.Command("make", "-n", name)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), does) {
		d.t.Fatalf("make %s: %v\n%s", name, err, out)
	}
}

// account holds the unit files to the account that is made.
func (d *desk) account(text string) {
	d.t.Helper()
	fields := strings.Fields(text)
	name := fields[len(fields)-1]
	units, err := filepath.Glob(filepath.Join(d.dir, "deploy", "*.service"))
	if err != nil || len(units) == 0 {
		d.t.Fatal("no units", err)
	}
	for _, unit := range units {
		if content, err := os.ReadFile(unit); err != nil || !bytes.Contains(content, []byte("\nUser="+name+"\n")) {
			d.t.Errorf("%s does not run as %s, %v", unit, name, err)
		}
	}
}

// startUnit does what systemd does with an installed unit: it runs ExecStart.
func (d *desk) startUnit(name string) {
	d.t.Helper()
	content, err := os.ReadFile(filepath.Join(d.dir, "machine/systemd", name+".service"))
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		start, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart=")
		if !ok {
			continue
		}
		for i, p := range d.nodes { // restarted
			if p.name == name {
				p.end()
				d.nodes = append(d.nodes[:i], d.nodes[i+1:]...)
				break
			}
		}
		p := d.start(name, strings.Fields(start)...)
		d.nodes = append(d.nodes, p)
		p.await(`"msg":"node runs"`)
		return
	}
	d.t.Fatalf("%s has no ExecStart", name)
}

// writeKey puts a printed key where the README says: into the national node's configuration.
func (d *desk) writeKey(text, public string) {
	d.t.Helper()
	code := regexp.MustCompile(`(\d{3})\.nk`).FindStringSubmatch(text)
	if code == nil || public == "" {
		d.t.Fatalf("no key printed by %s", text)
	}
	found := false
	d.edit(filepath.Join(d.dir, "machine/etc/national.yaml"), func(content string) string {
		before, after, ok := strings.Cut(content, "code: "+code[1]+"\n")
		found = ok
		key := publicKey.FindString(after)
		return before + "code: " + code[1] + "\n" + strings.Replace(after, key, public, 1)
	})
	if !found {
		d.t.Errorf("national.yaml has no province %s", code[1])
	}
}

// psql runs a script against a server that is as new as the README assumes: without roles and
// database of ours.
func (d *desk) psql(text string) {
	d.t.Helper()
	if d.cluster == nil {
		c, err := pg.StartCluster(d.t.Context(), pg.ClusterOptions{Dir: filepath.Join(d.dir, "server"), NoSync: true})
		if err != nil {
			d.t.Fatal(err)
		}
		d.cluster = c
		d.shell(fmt.Sprintf("psql -v ON_ERROR_STOP=1 -c 'DROP DATABASE jike' -c 'DROP ROLE jike_owner, jike_app, jike_sync' '%s'", c.SuperuserURL("postgres")))
	}
	database := regexp.MustCompile(`-d (\w+)`).FindStringSubmatch(text)
	if database == nil {
		d.t.Fatal("psql without -d")
	}
	d.shell(strings.Replace(text, database[0], fmt.Sprintf("-v ON_ERROR_STOP=1 -d '%s'", d.cluster.SuperuserURL(database[1])), 1))
}

// startDemo starts the demo as `make demo` does, smaller and on free ports, ends it at once with two
// times Ctrl-C, and starts it again for the commands that follow.
func (d *desk) startDemo() {
	d.t.Helper()
	began := time.Now()
	first := d.start("demo", "bin/jike", "demo", "--customers", "150", "--free-ports")
	first.await("Ctrl-C ends everything")
	d.t.Logf("a new demo is ready after %.1f s", time.Since(began).Seconds())
	second := exec.Command(filepath.Join(d.dir, "bin/jike"), "demo")
	second.Dir = d.dir
	if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "another demo already runs on this directory") {
		d.t.Errorf("a second demo on the directory: %v\n%s", err, out)
	}
	first.interrupt()
	first.await("Ctrl-C once more")
	first.interrupt()
	if err := first.wait(); err == nil || !strings.Contains(first.text(), "ended at once") {
		d.t.Errorf("after the second Ctrl-C: %v\n%s", err, first.text())
	}
	began = time.Now()
	d.demo = d.start("demo", "bin/jike", "demo")
	d.demo.await("Ctrl-C ends everything")
	d.t.Logf("a demo goes on after %.1f s", time.Since(began).Seconds())
	if !strings.Contains(d.demo.text(), "is filled already") {
		d.t.Errorf("the second run:\n%s", d.demo.text())
	}
}

// demoPorts puts the ports that the demo has here in the place of those that the README names.
func (d *desk) demoPorts(text string) string {
	d.t.Helper()
	if d.demo == nil {
		return text
	}
	for _, u := range regexp.MustCompile(`(Headquarters|\((\d+)\)) +http://(127\.0\.0\.1:\d+)\n|messages: http://(127\.0\.0\.1:\d+)/interboss, key boss-(\d+)`).FindAllStringSubmatch(d.demo.text(), -1) {
		fixed, actual := map[string]string{"": "8000", "591": "8591", "571": "8571"}[u[2]], u[3]
		if u[4] != "" {
			fixed, actual = map[string]string{"591": "9591", "571": "9571"}[u[5]], u[4]
		}
		text = strings.ReplaceAll(text, "127.0.0.1:"+fixed, actual)
	}
	return text
}

// process is a command that goes on running.
type process struct {
	desk *desk
	name string
	cmd  *exec.Cmd
	mu   sync.Mutex
	out  strings.Builder
	line chan struct{} // a line has been read; closed at the end
}

func (d *desk) start(name string, arguments ...string) *process {
	d.t.Helper()
	p := &process{desk: d, name: name, line: make(chan struct{}, 1), cmd: exec.Command(arguments[0], arguments[1:]...)}
	if !filepath.IsAbs(arguments[0]) {
		p.cmd.Path = filepath.Join(d.dir, arguments[0])
	}
	p.cmd.Dir = d.dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := p.cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		defer close(p.line)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			p.mu.Lock()
			p.out.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			select {
			case p.line <- struct{}{}:
			default:
			}
		}
	}()
	return p
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// await waits until the process has written the text.
func (p *process) await(text string) {
	p.desk.t.Helper()
	deadline := time.After(2 * time.Minute)
	for !strings.Contains(p.text(), text) {
		select {
		case _, more := <-p.line:
			if !more && !strings.Contains(p.text(), text) {
				p.desk.t.Fatalf("%s ended without %q:\n%s", p.name, text, p.text())
			}
		case <-deadline:
			p.desk.t.Fatalf("%s does not write %q:\n%s", p.name, text, p.text())
		}
	}
}

func (p *process) interrupt() { _ = p.cmd.Process.Signal(os.Interrupt) } // it may have ended by itself

func (p *process) wait() error {
	for range p.line {
	}
	return p.cmd.Wait()
}

// end sends Ctrl-C, after which a process ends well.
func (p *process) end() {
	p.interrupt()
	if err := p.wait(); err != nil {
		p.desk.t.Errorf("%s ended with %v:\n%s", p.name, err, p.text())
	}
}

// TestPicturesOfTheREADME holds the README to the pictures that it shows.
func TestPicturesOfTheREADME(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pictures := regexp.MustCompile(`!\[[^\]]+\]\(([^)]+\.png)\)`).FindAllSubmatch(content, -1)
	if len(pictures) < 5 {
		t.Errorf("the README shows %d pictures", len(pictures))
	}
	for _, m := range pictures {
		if info, err := os.Stat(filepath.Join(root, string(m[1]))); err != nil || info.Size() > 200_000 {
			t.Errorf("%s: %v, %v", m[1], info, err)
		}
	}
}
