// Git-server serves bare git repositories over smart HTTP, to read and to push, without asking who comes: it is
// meant for a network of its own. What it speaks is git's own http-backend; here is only the door to it.
//
//	git-server [-listen :8080] [-root /repositories] NAME…
//
// Every NAME is a repository at /NAME.git with the branch main, made empty where it is not there yet. /healthz answers 200.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	listen := flag.String("listen", ":8080", "address to listen on")
	root := flag.String("root", "/repositories", "folder of the repositories")
	flag.Parse()
	log.SetFlags(log.LstdFlags | log.LUTC)
	for _, name := range flag.Args() {
		if err := provide(filepath.Join(*root, name+".git")); err != nil {
			log.Fatalf("git-server: %s: %v", name, err)
		}
	}
	backend, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		log.Fatalf("git-server: git does not run: %v", err)
	}
	server := &http.Server{Addr: *listen, Handler: handler(*root, string(backend[:len(backend)-1])), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// provide makes an empty bare repository that takes pushes.
func provide(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, "HEAD")); err == nil {
		return nil
	}
	for _, words := range [][]string{
		{"init", "--quiet", "--bare", "--initial-branch=main", folder},
		{"-C", folder, "config", "http.receivepack", "true"},
	} {
		if said, err := exec.Command("git", words...).CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", words[0], err, said)
		}
	}
	return nil
}

func handler(root, execPath string) http.Handler {
	backend := &cgi.Handler{
		Path: filepath.Join(execPath, "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + root},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "ok") })
	mux.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		log.Printf("%s %s %s", request.RemoteAddr, request.Method, request.URL)
		backend.ServeHTTP(answer, request)
	})
	return mux
}
