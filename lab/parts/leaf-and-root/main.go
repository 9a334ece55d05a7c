// Leaf-and-root is two small services that hand a request on, to be traced:
//
//	leaf-and-root leaf   on port 8080: asks root for water, and answers with what it got
//	leaf-and-root root   on port 8081: gives water; /water?slow takes its time, /water?dry has none (503)
//
// What is asked of leaf (slow, dry) it asks of root. Both make spans and send them by OTLP over HTTP to where
// OTEL_EXPORTER_OTLP_ENDPOINT says; both write a line for each request, with the id of its trace. ROOT is
// where leaf finds root. A store of traces that is away stops no request: it is complained of in the log.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// slow is how long root takes when it is asked to take its time.
const slow = 400 * time.Millisecond

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	if len(os.Args) != 2 || (os.Args[1] != "leaf" && os.Args[1] != "root") {
		log.Fatal("leaf-and-root: say which: leaf or root")
	}
	if err := serve(os.Args[1]); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Fatalf("%s: %v", os.Args[1], err)
	}
}

func serve(role string) error {
	called, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	provider, err := tracing(called, role)
	if err != nil {
		return err
	}
	address, path, answer := ":8080", "/", leaf(os.Getenv("ROOT"))
	if role == "root" {
		address, path, answer = ":8081", "/water", root
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /ready", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, "ready") })
	pages.Handle("GET "+path, otelhttp.NewHandler(logged(role, answer), role+" "+path))
	server := &http.Server{Addr: address, Handler: pages, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-called.Done()
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(server.Shutdown(patience), provider.Shutdown(patience)); err != nil {
			log.Printf("%s: farewell: %v", role, err)
		}
	}()
	log.Printf("%s: listens on %s", role, address)
	err = server.ListenAndServe()
	stop()
	<-ended
	return err
}

// tracing makes spans of this service, which leave within a second, and lets their context travel in headers.
func tracing(ctx context.Context, role string) (*trace.TracerProvider, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	self := resource.NewSchemaless(attribute.String("service.name", role), attribute.String("k8s.pod.name", host))
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter, trace.WithBatchTimeout(time.Second)), trace.WithResource(self))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Printf("%s: spans are lost: %v", role, err) }))
	return provider, nil
}

// leaf asks root, and fails where root does.
func leaf(root string) http.HandlerFunc {
	client := http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport), Timeout: 5 * time.Second}
	return func(out http.ResponseWriter, request *http.Request) {
		ask, err := http.NewRequestWithContext(request.Context(), http.MethodGet, root+"/water?"+request.URL.RawQuery, nil)
		if err != nil {
			http.Error(out, err.Error(), http.StatusInternalServerError)
			return
		}
		got, err := client.Do(ask)
		if err != nil {
			http.Error(out, "root does not answer", http.StatusBadGateway)
			return
		}
		defer got.Body.Close()
		out.WriteHeader(got.StatusCode)
		if _, err := io.Copy(out, io.LimitReader(got.Body, 1<<10)); err != nil {
			log.Printf("leaf: %v", err)
		}
	}
}

// root has one span of its own beside the one of its request: the drawing of the water, which is where time goes.
func root(out http.ResponseWriter, request *http.Request) {
	asked := request.URL.Query()
	_, span := otel.Tracer("root").Start(request.Context(), "draw water")
	defer span.End()
	span.SetAttributes(attribute.Bool("slow", asked.Has("slow")))
	if asked.Has("slow") {
		time.Sleep(slow)
	}
	if asked.Has("dry") {
		span.SetStatus(codes.Error, "the well is dry")
		http.Error(out, "the well is dry", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(out, "water")
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) { s.code = code; s.ResponseWriter.WriteHeader(code) }

// logged writes a line for each request, and tells the asker which trace it was.
func logged(role string, answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		began := time.Now()
		id := oteltrace.SpanContextFromContext(request.Context()).TraceID()
		out.Header().Set("Trace-Id", id.String())
		seen := &status{ResponseWriter: out, code: http.StatusOK}
		answer(seen, request)
		log.Printf("%s: %s %s %d in %d ms trace=%s", role, request.Method, request.URL.RequestURI(), seen.code, time.Since(began).Milliseconds(), id)
	})
}
