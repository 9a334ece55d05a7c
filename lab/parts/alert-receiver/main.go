// Alert-receiver is the one who is woken: it takes Alertmanager's webhook notifications on port 9094 and keeps
// them, in memory, in the order in which they came.
//
//	POST /NAME      a notification for NAME, in Alertmanager's webhook format (version 4)
//	GET  /received  a line for each alert of each notification: number of the notification, seconds since 1970
//	                when it arrived, NAME, firing or resolved, the alert's name, its instance or namespace, and
//	                seconds since 1970 when the alert began
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"
)

// notification is what is kept of Alertmanager's message.
type notification struct {
	Version string  `json:"version"`
	Alerts  []alert `json:"alerts"`

	arrived time.Time
	name    string
}

type alert struct {
	Status   string            `json:"status"`
	Labels   map[string]string `json:"labels"`
	StartsAt time.Time         `json:"startsAt"`
}

// book is all that came. It is not bounded by itself: a lab's alerts are few, and the pod has a memory limit.
type book struct {
	lock sync.Mutex
	kept []notification
}

func main() {
	kept := &book{}
	http.HandleFunc("POST /{name}", kept.take)
	http.HandleFunc("GET /received", kept.tell)
	http.HandleFunc("GET /ready", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, "ready") })
	server := &http.Server{Addr: ":9094", ReadHeaderTimeout: 5 * time.Second}
	log.Fatal("alert-receiver: ", server.ListenAndServe())
}

func (b *book) take(out http.ResponseWriter, request *http.Request) {
	got := notification{arrived: time.Now(), name: request.PathValue("name")}
	body := http.MaxBytesReader(out, request.Body, 1<<20)
	if err := json.NewDecoder(body).Decode(&got); err != nil || got.Version != "4" {
		http.Error(out, fmt.Sprintf("this is no webhook notification of version 4: version %q, %v", got.Version, err), http.StatusBadRequest)
		return
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	b.kept = append(b.kept, got)
	fmt.Printf("notification %d for %s: %d alerts\n", len(b.kept), got.name, len(got.Alerts))
}

func (b *book) tell(out http.ResponseWriter, _ *http.Request) {
	b.lock.Lock()
	defer b.lock.Unlock()
	for number, got := range b.kept {
		for _, one := range got.Alerts {
			fmt.Fprintln(out, number+1, got.arrived.Unix(), got.name, one.Status, one.Labels["alertname"], where(one.Labels), one.StartsAt.Unix())
		}
	}
}

// where an alert is: never empty, so that every line has as many words.
func where(labels map[string]string) string {
	for _, name := range []string{"instance", "namespace"} {
		if labels[name] != "" {
			return labels[name]
		}
	}
	return "-"
}
