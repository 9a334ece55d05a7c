// Web is the workload the book sends its requests to: a page that costs CPU, on port 8080.
//
// Every request to any path but /ready hashes a block WORK times (default 0) before it is answered, so that
// load is work and work is load. The answer names the pod and the path it was asked for, as it arrived here,
// behind whatever rewrote it. It answers what it has taken in before it ends.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// farewell is how long requests are still taken after the call to end: so long may others take to hear of it.
const farewell = 2 * time.Second

func main() {
	rounds, err := strconv.Atoi(valueOr(os.Getenv("WORK"), "0"))
	if err != nil || rounds < 0 {
		fail(fmt.Errorf("WORK=%s: write how many times to hash for a request, a number from 0", os.Getenv("WORK")))
	}
	pod, err := os.Hostname()
	if err != nil {
		fail(err)
	}
	pages := http.NewServeMux()
	pages.HandleFunc("/ready", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, "ready") })
	pages.HandleFunc("/", func(out http.ResponseWriter, request *http.Request) {
		mark := work(rounds)
		fmt.Fprintf(out, "The World Tree stands.\npod  %s\npath %s\nmark %x\n", pod, request.URL.Path, mark[:4])
	})
	server := &http.Server{Addr: ":8080", Handler: pages, ReadHeaderTimeout: 10 * time.Second}

	called, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		<-called.Done()
		time.Sleep(farewell)
		patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- server.Shutdown(patience)
	}()
	fmt.Printf("web: pod %s, %d rounds a request, port 8080\n", pod, rounds)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fail(err)
	}
	if err := <-ended; err != nil {
		fail(err)
	}
}

// work hashes a block so many times, each time what came out before: it can't be skipped or shared.
func work(rounds int) [sha256.Size]byte {
	mark := sha256.Sum256([]byte("world tree"))
	for range rounds {
		mark = sha256.Sum256(mark[:])
	}
	return mark
}

func valueOr(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "web:", err)
	os.Exit(1)
}
