package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"slices"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

// frontProxy reads from the cluster whose certificates the API server shows when it calls an extension, and under
// which names.
func frontProxy() (*x509.CertPool, []string, error) {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, nil, err
	}
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return nil, nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	api := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	request, err := http.NewRequest("GET", "https://kubernetes.default.svc/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication", nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := api.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	var found struct{ Data map[string]string }
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil || response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the API server answered %s: %w", response.Status, err)
	}
	callers, names := x509.NewCertPool(), []string{}
	if !callers.AppendCertsFromPEM([]byte(found.Data["requestheader-client-ca-file"])) {
		return nil, nil, errors.New("kube-system/extension-apiserver-authentication names no authority")
	}
	return callers, names, json.Unmarshal([]byte(found.Data["requestheader-allowed-names"]), &names)
}

// serving makes a certificate for this process alone. The API server is told not to check it (insecureSkipTLSVerify).
func serving(callers *x509.CertPool) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "metrics-adapter"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	written, err := x509.CreateCertificate(rand.Reader, own, own, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{written}, PrivateKey: key}},
		ClientCAs:    callers, ClientAuth: tls.VerifyClientCertIfGiven,
	}, nil
}

// onlyFrom lets pass whom the front-proxy authority has vouched for under one of these names (any, where none is named).
func onlyFrom(names []string, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		chains := request.TLS.VerifiedChains
		if len(chains) == 0 || len(names) > 0 && !slices.Contains(names, chains[0][0].Subject.CommonName) {
			refuse(out, http.StatusUnauthorized, "only the API server may ask here")
			return
		}
		pages.ServeHTTP(out, request)
	})
}
