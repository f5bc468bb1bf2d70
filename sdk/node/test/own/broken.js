import nothing from "there-is-no-such-package";

export default nothing;
