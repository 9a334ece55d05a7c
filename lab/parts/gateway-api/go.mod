module guide.lab/gateway-api

go 1.26

// Nothing is compiled from it: its folder config/crd holds the definitions of the Gateway API's kinds.
require sigs.k8s.io/gateway-api v1.6.3
