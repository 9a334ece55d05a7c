module guide.lab/node-network

go 1.26
