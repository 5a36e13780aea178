package customer

// SearchIn is Search in a transaction, so that a test can ask the database the same at the same moment.
var SearchIn = search
